import { readFile, rename, writeFile } from 'node:fs/promises';
import { systemClock } from '@bellwether/shared/clock';
import { messageOf } from '@bellwether/shared/errors';
import { parse as parseYaml } from '@bellwether/shared/yaml';
import type { AgentConfig } from '../config.js';
import { checkBehaviour, type FleetBehaviour, goodBehaviour } from '../simulation/behaviour.js';
import { openSimulation } from '../simulation/open-simulation.js';
import type { FleetSnapshot, SimulatedFleet } from '../simulation/simulated-fleet.js';
import { SimulationError } from '../simulation/simulation-error.js';
import { routeRequests } from './route-requests.js';
import { aborted, stopSignal } from './stop-signal.js';

export interface SimulateOptions {
  readonly devices: number;
  /** Each lets 100 devices in at the most. */
  readonly joinTokens: readonly string[];
  readonly joinTokenFile?: string;
  readonly behaviour?: string;
  readonly seed?: number;
  readonly json?: string;
  /** Until SIGTERM or SIGINT when left out. */
  readonly seconds?: number;
}

/** The first words of the output and of its JSON: what a simulation does not show. */
const caveat =
  'simulated devices: the real agent, but scripted runners instead of onnxruntime (so no check by the runner itself), stores in memory, and metadata that is verified once for all of them';

const progressMs = 2000;

/** Runs a fleet in this process until its time is over or a signal stops it. Rejects with what keeps it from starting. */
export async function simulate(config: AgentConfig, version: string, options: SimulateOptions): Promise<void> {
  const stopping = stopSignal();
  // A call that nothing serves is an error with a stack, thousands of times a second: here nobody reads it.
  Error.stackTraceLimit = 0;
  const ca = await routeRequests(config);
  const { platform, arch } = process;
  const behaviour = options.behaviour === undefined ? goodBehaviour : await readBehaviour(options.behaviour);
  const joinTokens = [...options.joinTokens, ...(await readTokens(options.joinTokenFile))];
  const { fleet, close } = await openSimulation(config, {
    devices: options.devices,
    joinTokens: joinTokens.length === 0 && config.joinToken !== undefined ? [config.joinToken] : joinTokens,
    behaviour,
    seed: options.seed,
    about: { version, node: process.versions.node, platform, arch },
    ca,
    clock: systemClock,
    random: Math.random,
  });
  process.stdout.write(`${caveat}\n`);
  let telling: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    telling = telling
      .then(() => tell(fleet, options.json))
      .catch((error: unknown) => {
        process.stderr.write(`${messageOf(error)}\n`);
      });
  }, progressMs);
  try {
    const starting = fleet.start();
    if (options.seconds === undefined) await aborted(stopping);
    else await systemClock.sleep(options.seconds * 1000, stopping);
    process.stdout.write('stopping: devices send what they have and say goodbye\n');
    await Promise.all([starting, fleet.stop()]);
  } finally {
    clearInterval(timer);
    await telling;
    await fleet.stop();
    await close();
  }
  await tell(fleet, options.json);
  const { enrolled, refused } = fleet.snapshot();
  const left = enrolled - refused;
  if (left > 0) {
    process.stdout.write(
      `${left} devices stay on ${config.server.url}: \`bellwether token revoke ID --decommission\`, for each of their join tokens, puts them out\n`,
    );
  }
}

/** A line for people, and the whole in the file, which is always complete. */
async function tell(fleet: SimulatedFleet, json: string | undefined): Promise<void> {
  const snapshot = fleet.snapshot();
  process.stdout.write(`${fleetLine(snapshot)}\n`);
  if (json === undefined) return;
  const { rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const text = JSON.stringify({ caveat, ...snapshot, rssBytes: rss, cpuSeconds: (user + system) / 1e6 }, null, 2);
  await writeFile(`${json}.part`, `${text}\n`);
  await rename(`${json}.part`, json);
}

/** Where a fleet stands, for people: `2 s: of 5 devices 0 enrolled, …; 6 warnings, the last: …`. */
function fleetLine(snapshot: FleetSnapshot): string {
  const { startedAtMs, atMs, devices, enrolled, connected, refused, serving, windows, calls, warnings, lastWarning } =
    snapshot;
  const warned = Object.values(warnings).reduce((sum, count) => sum + count, 0);
  const served = Object.entries(serving).map(([release, { devices: count }]) => `${release} on ${count}`);
  return [
    `${Math.round((atMs - startedAtMs) / 1000)} s: of ${devices} devices ${enrolled} enrolled, ${connected} connected${refused === 0 ? '' : `, ${refused} turned away`}`,
    served.length === 0 ? 'nothing serves' : served.join(', '),
    `${windows.acknowledged} of ${windows.sent} windows sent`,
    `${calls.answered} calls answered, ${calls.failed} failed`,
    ...(lastWarning === null ? [] : [`${warned} warnings, the last: ${lastWarning}`]),
  ].join('; ');
}

/** Reads a behaviour file, YAML or JSON; throws SimulationError. */
async function readBehaviour(path: string): Promise<FleetBehaviour> {
  let value: unknown;
  try {
    value = parseYaml(await readFile(path, 'utf8'));
  } catch (cause) {
    // The lines after the first draw the place in the text, which the first one names.
    const [why = ''] = messageOf(cause).split(':\n', 1);
    throw new SimulationError('behaviour-invalid', `${path} cannot be read: ${why}`, { cause });
  }
  return checkBehaviour(value, path);
}

/** One token a line. */
async function readTokens(path: string | undefined): Promise<readonly string[]> {
  if (path === undefined) return [];
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SimulationError('tokens-unreadable', `the join tokens cannot be read: ${messageOf(cause)}`, { cause });
  });
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : line.trim()));
}
