import { mkdir, readFile } from 'node:fs/promises';
import { freemem, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock } from '@bellwether/shared/clock';
import { replaceDurably } from '@bellwether/shared/files/durable-file-disk';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import type { Log } from '@bellwether/shared/log';
import type { AgentParts } from './agent-parts.js';
import { meetServerKeys, openTrust } from './build-trust.js';
import { type AgentConfig, ConfigError, socketPathOf } from './config.js';
import { ArtefactToken, mayCarryToken } from './identity/artefact-token.js';
import type { Session } from './identity/enrolment.js';
import { EnrolmentHttp } from './identity/enrolment-http.js';
import { openIdentity } from './identity/identity-disk.js';
import { Membership } from './identity/membership.js';
import { openReceiptChain } from './identity/receipt-chain-disk.js';
import { ProcessEngine } from './inference/engine-process.js';
import { checkConfinement } from './inference/engine-process-spawn.js';
import type { LocalApiConfig } from './inference/local-api-http.js';
import { AnswersHttp } from './inquiries/answers-http.js';
import type { LogMemory } from './inquiries/log-memory.js';
import { HttpArtifacts } from './installs/artifact-http.js';
import { openBlobFolder } from './installs/blob-folder-disk.js';
import { openReleaseStore } from './installs/release-store-disk.js';
import type { ReportIdentity } from './reconcile/report.js';
import { takeStateFolder } from './state-folder-disk.js';
import { openHostMetrics, readBootId } from './telemetry/host-metrics-os.js';
import { readMachine } from './telemetry/host-metrics-os-machine.js';
import { startOf } from './telemetry/last-start.js';
import { openStartMemory } from './telemetry/last-start-disk.js';
import { openLateOutbox } from './telemetry/outbox-late.js';
import { openOutbox } from './telemetry/outbox-level.js';
import { UplinkMqtt } from './uplink/uplink-mqtt.js';

/** What only a process knows of itself. */
export interface Runtime {
  readonly pid: number;
  readonly nodePath: string;
  readonly about: ReportIdentity['agent'];
  /** 128 random bits of this start, hex. */
  readonly runId: string;
  readonly logs: LogMemory;
  readonly setLogLevel: (level: AgentConfig['logLevel']) => void;
  /** Of `tls.caFile`. */
  readonly ca?: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Parts that are open, and how to close them. */
export interface OpenParts {
  readonly parts: AgentParts;
  /** After the agent has stopped. */
  readonly close: () => Promise<void>;
}

const stopGraceMs = 5_000;
const megabyte = 1024 ** 2;
const dayMs = 24 * 3_600_000;

/**
 * Opens everything that an agent stands on, over the state folder. Without a network it waits only where first trust
 * must be fetched (`root.sha256`, first start). What was opened is closed again when something cannot be.
 */
export async function openAgentParts(config: AgentConfig, runtime: Runtime, signal: AbortSignal): Promise<OpenParts> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    closers.push(await takeStateFolder(config.stateFolder, runtime.pid));
    return { parts: await openParts(config, runtime, signal, closers), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openParts(
  config: AgentConfig,
  runtime: Runtime,
  signal: AbortSignal,
  closers: (() => Promise<void>)[],
): Promise<AgentParts> {
  const { clock, random, log, runId } = runtime;
  const state = (name: string): string => join(config.stateFolder, name);
  const identity = await openIdentity(state('identity'), config.name);
  const outboxLimits = { maxBytes: config.outbox.maxMb * megabyte, maxAgeMs: config.outbox.maxDays * dayMs };
  const outbox = await openLateOutbox({
    open: (lostBefore) => openOutbox({ folder: state('outbox'), ...outboxLimits, lostBefore, clock, log }),
    clock,
    log,
  });
  closers.push(() => outbox.close());
  const blobs = await openBlobFolder(state('blobs'));
  const releases = await openReleaseStore(state('installs.json'));
  const trust = await openTrust({ config, baseUrl: artefactsUrl(config), identity, clock, random, log }, signal);
  const joinToken = await readJoinToken(config, identity.enrolled);

  const server = new EnrolmentHttp({ serverUrl: config.server.url, clock });
  const offerTime = (envelope: Uint8Array, nonce: string): void => {
    if (!trust.offerTime(envelope, nonce)) log.warn({}, 'the server sent a time that does not verify');
  };
  const membership = new Membership({ identity, server, joinToken, offerTime, clock, log });
  const openSession = async (abort: AbortSignal): Promise<Session> => {
    await meetServerKeys(trust, log, abort);
    const session = await membership.openSession('mqtt', abort);
    return { ...session, mqttUrl: config.mqtt.url ?? session.mqttUrl };
  };
  const answers = new AnswersHttp({
    serverUrl: config.server.url,
    openSession: (abort) => membership.openSession('answers', abort),
    clock,
  });
  const { proxy } = config;
  const uplink = new UplinkMqtt({
    device: identity.device,
    runId,
    openSession,
    proxy,
    ca: runtime.ca,
    clock,
    log,
    random,
  });

  if (config.runnerUser !== undefined) await checkConfinement();
  else if (userInfo().uid === 0)
    log.warn({}, 'runners are root as the agent is: runnerUser gives them a user of their own');
  const engine = new ProcessEngine({
    clock,
    log,
    nodePath: runtime.nodePath,
    stopGraceMs,
    loadLimitMs: config.limits.runnerStartMs,
    spare: config.spareRunner,
    user: config.runnerUser,
  });
  closers.push(() => engine.stop());
  const artefactToken = new ArtefactToken({
    clock,
    openSession: (abort) => membership.openSession('artefacts', abort),
  });
  const artifacts = new HttpArtifacts({
    baseUrl: artefactsUrl(config),
    blobFolder: blobs.folder,
    maxAttempts: config.limits.downloadAttempts,
    maxBytesPerSecond: config.limits.downloadBytesPerSecond,
    stallMs: config.limits.downloadStallMs,
    ...(mayCarryToken(config.server.url, artefactsUrl(config)) && { access: artefactToken }),
    clock,
    random,
    log,
  });
  await mkdir(dirname(socketPathOf(config)), { recursive: true });
  const { device } = identity;
  const bootId = await readBootId();
  return {
    config,
    identity,
    receipts: await openReceiptChain({
      path: state('receipts.json'),
      identity,
      replaceFile: (path, bytes) => replaceDurably(nodeFiles, path, bytes),
      log,
    }),
    reportIdentity: { device, runId, bootId, agent: runtime.about, stage: config.stage },
    localApi: {
      socketPath: socketPathOf(config),
      ...loopbackOf(config),
      maxBodyBytes: config.limits.bodyMb * megabyte,
      stopGraceMs,
    },
    trust,
    releases,
    blobs,
    artifacts,
    engine,
    uplink,
    meetServer: (abort) => membership.openSession('artefacts', abort),
    outbox,
    hostMetrics: (runners) => openHostMetrics({ stateFolder: config.stateFolder, clock, runners }),
    availableMemory: () => freemem(),
    readMachine: () => readMachine(runtime.nodePath),
    askTime: async (abort) => {
      await membership.openSession('artefacts', abort);
    },
    starts: await openStartMemory({
      path: state('last-start.json'),
      now: startOf(bootId, config),
      replaceFile: (path, bytes) => replaceDurably(nodeFiles, path, bytes),
      log,
    }),
    logs: runtime.logs,
    sendAnswer: (id, answer, abort) => answers.send(id, answer, abort),
    setLogLevel: runtime.setLogLevel,
    clock,
    random,
    log,
  };
}

function loopbackOf({ localApi, stateFolder }: AgentConfig): Pick<LocalApiConfig, 'loopback'> {
  const { loopbackPort: port, tokenFile = join(stateFolder, 'run', 'api.token') } = localApi;
  return port === undefined ? {} : { loopback: { port, tokenFile } };
}

function artefactsUrl({ artefacts, server }: AgentConfig): string {
  return artefacts.url ?? server.url;
}

/** An enrolled device needs no token, and its file may be gone. */
async function readJoinToken(config: AgentConfig, isEnrolled: boolean): Promise<string | undefined> {
  if (isEnrolled || config.joinTokenFile === undefined) return config.joinToken;
  try {
    return (await readFile(config.joinTokenFile, 'utf8')).trim();
  } catch (cause) {
    throw new ConfigError('config-invalid', `cannot read joinTokenFile ${config.joinTokenFile}`, { cause });
  }
}
