import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { systemClock } from '@bellwether/shared/clock';
import type { Log } from '@bellwether/shared/log';
import { buildAgent } from '../agent.js';
import { openAgentParts, type Runtime } from '../build-agent-parts.js';
import type { AgentConfig } from '../config.js';
import { LogMemory } from '../inquiries/log-memory.js';
import { asStateFolderError } from '../state-folder-disk.js';
import { type Notification, notifySystemd } from '../systemd/notify-process.js';
import { routeRequests } from './route-requests.js';
import { aborted, stopSignal } from './stop-signal.js';

/** Runs the agent until SIGTERM or SIGINT, which drain it. Rejects with what keeps it from starting. */
export async function runAgent(config: AgentConfig, version: string): Promise<void> {
  const logger = pino({ level: config.logLevel, base: null });
  const logs = new LogMemory({ clock: systemClock });
  const log = logs.beside(logger);
  const setLogLevel = (level: AgentConfig['logLevel']): void => {
    logger.level = level;
    logs.setLevel(level);
  };
  setLogLevel(config.logLevel);
  const stopping = stopSignal();
  const ca = await routeRequests(config);
  const opened = await openAgentParts(config, { ...runtimeOf(version), ca, logs, setLogLevel, log }, stopping).catch(
    (error: unknown) => {
      // It may have waited for its first trust, and stopping is no failure.
      if (stopping.aborted) return undefined;
      throw asStateFolderError(config.stateFolder, error);
    },
  );
  if (opened === undefined) {
    log.info({}, 'agent stopped before it had started');
    return;
  }
  const { parts, close } = opened;
  try {
    const agent = await buildAgent(parts);
    try {
      await agent.start();
      log.info({ device: parts.identity.device, fingerprint: parts.identity.fingerprint }, 'agent started');
      const endWatchdog = tellSystemd(log);
      await aborted(stopping);
      endWatchdog();
      log.info({}, 'agent stopping: it answers the calls that it has');
    } finally {
      await agent.stop();
    }
  } finally {
    await close();
  }
  log.info({}, 'agent stopped');
}

function runtimeOf(version: string): Omit<Runtime, 'logs' | 'setLogLevel' | 'log'> {
  const { pid, execPath, platform, arch } = process;
  return {
    pid,
    nodePath: execPath,
    about: { version, node: process.versions.node, platform, arch },
    runId: randomBytes(16).toString('hex'),
    clock: systemClock,
    random: Math.random,
  };
}

/** Readiness and watchdog, where systemd asks for them (sd_notify(3), sd_watchdog_enabled(3)). */
function tellSystemd(log: Log): () => void {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdogMicros, PATH: path } = process.env;
  if (socket === undefined) return () => {};
  const tell = (notification: Notification): void => {
    notifySystemd(notification, { NOTIFY_SOCKET: socket, PATH: path ?? '/usr/bin:/bin' }, log);
  };
  tell('READY=1');
  const watchdogMs = Number(watchdogMicros ?? 0) / 1000;
  const timer = watchdogMs > 0 ? setInterval(() => tell('WATCHDOG=1'), watchdogMs / 2) : undefined;
  return () => {
    clearInterval(timer);
    tell('STOPPING=1');
  };
}
