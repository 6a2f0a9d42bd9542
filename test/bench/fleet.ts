import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FleetSnapshot } from '@bellwether/agent/simulation/simulated-fleet';
import type { TokenReply } from '@bellwether/control-plane/http/operator-api';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { digitsFolder } from '../support/digits.js';
import { FleetProcesses, residentBytes } from '../support/fleet-process.js';
import { cpuMillis } from '../support/process-usage.js';
import { storedWindows } from '../support/stored-windows.js';
import type { Bench, BenchResult, Comparison, Report } from './bench.js';

const agentMain = fileURLToPath(import.meta.resolve('@bellwether/agent/main'));
/** Devices of one simulating process. */
const perProcess = 2500;
const tokenUses = 100;
const windowSeconds = 10;
/** For any one phase: a fleet that does not get there is a finding, not a reason to wait for ever. */
const patienceMs = 600_000;

/** The canary fails three calls of ten: nobody but the verdict takes it back. */
const badRelease = { version: 1, otherwise: { releases: [{ release: 'digits@1.1.0', errors: 0.3 }] } };
/** Half of the calls of every device. */
const canaryForAll: RolloutPolicy = {
  version: 1,
  steps: [
    { cohort: { percent: 100 }, mode: 'split', share: 50, holdSeconds: 86_400 },
    { cohort: { percent: 100 }, mode: 'full', share: 100 },
  ],
  maxInFlight: 1_000_000,
};

interface Outcome {
  readonly devices: number;
  readonly connectSeconds: number;
  readonly allServingSeconds: number;
  readonly caughtSeconds: number;
  readonly rollbackP99Seconds: number;
  readonly rollbackLastSeconds: number;
  readonly steadyCpuPct: number;
  readonly serverRssMb: number;
  readonly windowsSent: number;
  readonly windowsStored: number;
}

export const bench: Bench = {
  name: 'fleet',
  title: 'A simulated fleet on one server: connect, converge, take back, report',
  comparesWith: 'nothing: bars',
  run: async (report, { isQuick, signal }) => {
    const [small, large] = isQuick ? [100, 300] : [1000, 5000];
    const outcomes: Outcome[] = [];
    for (const devices of [small, large]) {
      if (!signal.aborted) outcomes.push(await fleetOf(devices, isQuick ? 10 : 40, report));
    }
    return resultOf(outcomes);
  },
};

async function fleetOf(devices: number, steadySeconds: number, report: Report): Promise<Outcome> {
  const fleet = await FleetProcesses.start(['digits']);
  const herds: Herd[] = [];
  try {
    for (const version of ['1.0.0', '1.1.0']) {
      await fleet.publish(fileURLToPath(new URL(version, digitsFolder)), `digits@${version}`);
    }
    await fleet.stopServer();
    const serverPid = (await fleet.startServer()).pid ?? 0;
    const sizes = splitEvenly(devices, Math.ceil(devices / perProcess));
    for (const [index, size] of sizes.entries()) herds.push(await Herd.start(fleet, `herd${index}`, size));
    const connected = await until(herds, 'all are connected', (each) => each.allConnectedSeconds !== null);
    const connectSeconds = Math.max(...connected.map((each) => each.allConnectedSeconds ?? Number.NaN));
    report(`${devices} devices enrolled and connected in ${connectSeconds.toFixed(1)} s`);

    const allServingSeconds = await orderAll(fleet, herds, '1.0.0');
    report(`${devices} devices serve ${allServingSeconds.toFixed(1)} s after the rollout began`);

    const before = { cpuMs: cpuMillis(serverPid), atMs: performance.now() };
    await pause(steadySeconds * 1000);
    const steadyCpuPct = ((cpuMillis(serverPid) - before.cpuMs) / (performance.now() - before.atMs)) * 100;
    report(`the server takes ${steadyCpuPct.toFixed(0)} % of a core at a window per device and ${windowSeconds} s`);

    const back = await takeBack(fleet, herds);
    report(`the verdict on a bad canary came ${back.caughtSeconds.toFixed(1)} s after its rollout began`);
    const after = [back.rollbackP99Seconds, back.rollbackLastSeconds].map((each) => each.toFixed(2)).join(' and ');
    report(`99 % and all of the devices have acknowledged the way back ${after} s after the verdict`);

    const serverRssMb = residentBytes(serverPid) / 1e6;
    const ended = await Promise.all(herds.map((herd) => herd.stop()));
    const windowsSent = sum(ended.map(({ windows }) => windows.sent));
    const windowsStored = storedWindows(fleet.data).length;
    report(`${windowsStored} of ${windowsSent} windows are stored; the server has ${serverRssMb.toFixed(0)} MB`);
    const seconds = { connectSeconds, allServingSeconds, ...back };
    return { devices, ...seconds, steadyCpuPct, serverRssMb, windowsSent, windowsStored };
  } finally {
    await Promise.all(herds.map((herd) => herd.stop()));
    await fleet.stop();
  }
}

/** From the request until the last device's report with the release, acknowledged by the broker. */
async function orderAll(fleet: FleetProcesses, herds: readonly Herd[], version: string): Promise<number> {
  const release = `digits@${version}`;
  const startMs = Date.now();
  await fleet.api('/rollouts', { release, to: { all: true } });
  const serving = await until(herds, `all serve ${release}`, (each) => each.serving[release]?.devices === each.devices);
  return (Math.max(...serving.map((each) => each.serving[release]?.lastAtMs ?? Number.NaN)) - startMs) / 1000;
}

/**
 * A bad canary on every device, until the verdict takes it back; from the moment of that verdict until the devices have
 * acknowledged the order that ends it.
 */
async function takeBack(
  fleet: FleetProcesses,
  herds: readonly Herd[],
): Promise<Pick<Outcome, 'caughtSeconds' | 'rollbackP99Seconds' | 'rollbackLastSeconds'>> {
  const release = 'digits@1.1.0';
  const { id, createdAtMs } = await fleet.api<RolloutView>('/rollouts', {
    release,
    to: { all: true },
    policy: canaryForAll,
  });
  const verdictAtMs = await failedAtMs(fleet, id);
  const back = await until(herds, 'no canary is left', (each) => {
    return Object.keys(each.canaries).length === 0 && each.orders.firstAtMs >= verdictAtMs;
  });
  const after = (atMs: readonly number[]): number => (Math.max(...atMs) - verdictAtMs) / 1000;
  return {
    caughtSeconds: (verdictAtMs - createdAtMs) / 1000,
    rollbackP99Seconds: after(back.map(({ orders }) => orders.p99AtMs)),
    rollbackLastSeconds: after(back.map(({ orders }) => orders.lastAtMs)),
  };
}

/** When the look was that failed the canary; throws when the rollout ends or waits for anything else. */
async function failedAtMs(fleet: FleetProcesses, id: string): Promise<number> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const { phase, reason, verdict } = await fleet.api<RolloutView>(`/rollouts/${id}`);
    if (phase === 'rolling-back' || phase === 'rolled-back') {
      if (verdict?.value === 'fail' && reason?.code === 'harm') return verdict.atMs;
      throw new Error(`the canary was taken back, and not for its verdict: ${reason?.text}`);
    }
    if (phase !== 'rolling' || performance.now() > endMs) throw new Error(`${id} is ${phase}: ${reason?.text}`);
    await pause(200);
  }
}

/** One simulating process. */
class Herd {
  readonly #child: ChildProcess;
  readonly #json: string;

  private constructor(child: ChildProcess, json: string) {
    this.#child = child;
    this.#json = json;
  }

  static async start(fleet: FleetProcesses, name: string, devices: number): Promise<Herd> {
    const file = (suffix: string): string => join(fleet.folder, `${name}.${suffix}`);
    const tokens: string[] = [];
    while (tokens.length * tokenUses < devices) {
      tokens.push((await fleet.api<TokenReply>('/tokens', { uses: tokenUses })).token);
    }
    await writeFile(file('tokens'), tokens.join('\n'));
    const root = { file: join(fleet.keys, 'root.json') };
    const config = { name, server: { url: fleet.httpUrl }, root, allowDevelopment: true, windowSeconds };
    await writeFile(file('config'), JSON.stringify(config));
    await writeFile(file('behaviour'), JSON.stringify(badRelease));
    const files = ['--config', file('config'), '--join-token-file', file('tokens'), '--json', file('json')];
    const plan = ['--behaviour', file('behaviour'), '--seed', '1'];
    const args = [agentMain, 'simulate', '--devices', String(devices), ...files, ...plan];
    return new Herd(spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }), file('json'));
  }

  /** What it said last; undefined before its first word. Throws when it has ended unasked. */
  snapshot(): FleetSnapshot | undefined {
    try {
      return JSON.parse(readFileSync(this.#json, 'utf8')) as FleetSnapshot;
    } catch (cause) {
      if (this.#child.exitCode !== null) throw new Error('the simulation has ended', { cause });
      return undefined;
    }
  }

  /** Stops it; answers with what it came to. May be called twice. */
  async stop(): Promise<FleetSnapshot> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill();
      await exited;
    }
    const last = this.snapshot();
    if (last === undefined) throw new Error('the simulation ended without a word');
    return last;
  }
}

async function until(
  herds: readonly Herd[],
  what: string,
  isSo: (snapshot: FleetSnapshot) => boolean,
): Promise<readonly FleetSnapshot[]> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const snapshots = herds.flatMap((herd) => herd.snapshot() ?? []);
    if (snapshots.length === herds.length && snapshots.every(isSo)) return snapshots;
    if (performance.now() > endMs) throw new Error(`waited until ${what}: ${JSON.stringify(snapshots)}`);
    await pause(250);
  }
}

function resultOf(outcomes: readonly Outcome[]): BenchResult {
  const [small, large] = outcomes;
  const bar = (what: string, ours: number | undefined, limit: number, unit: string): Comparison => {
    const value = ours ?? null;
    return {
      what,
      ours: value,
      theirs: null,
      unit,
      ratio: null,
      bar: `≤ ${limit}`,
      met: value !== null && value <= limit,
    };
  };
  const windowsSent = sum(outcomes.map((each) => each.windowsSent));
  const windowsStored = sum(outcomes.map((each) => each.windowsStored));
  return {
    figures: {
      devices: large?.devices ?? null,
      serverRssMb: large?.serverRssMb ?? null,
      connectSeconds1000: small?.connectSeconds ?? null,
      connectSeconds5000: large?.connectSeconds ?? null,
      allServingSeconds1000: small?.allServingSeconds ?? null,
      allServingSeconds5000: large?.allServingSeconds ?? null,
      rollbackP99Seconds1000: small?.rollbackP99Seconds ?? null,
      rollbackP99Seconds5000: large?.rollbackP99Seconds ?? null,
      rollbackLastSeconds1000: small?.rollbackLastSeconds ?? null,
      caughtSeconds1000: small?.caughtSeconds ?? null,
      caughtSeconds5000: large?.caughtSeconds ?? null,
      serverCpuPct1000: small?.steadyCpuPct ?? null,
      serverCpuPct5000: large?.steadyCpuPct ?? null,
      windowsSent,
      windowsStored,
    },
    comparisons: [
      bar('1,000 devices: from the rollout until all serve', small?.allServingSeconds, 10, 's'),
      bar('5,000 devices: from the rollout until all serve', large?.allServingSeconds, 45, 's'),
      bar('1,000 devices: p99 of the way back, from the verdict', small?.rollbackP99Seconds, 3, 's'),
      bar('windows that were sent and are not stored', windowsSent - windowsStored, 0, 'windows'),
    ],
  };
}

function splitEvenly(total: number, parts: number): readonly number[] {
  return Array.from(
    { length: parts },
    (_, i) => Math.floor((total * (i + 1)) / parts) - Math.floor((total * i) / parts),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
