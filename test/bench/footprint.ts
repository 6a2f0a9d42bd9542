import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { decodeManifest } from '@bellwether/shared/models/manifest';
import { digitRequest } from '../support/agent-world.js';
import type { BareHello, BareOrder, Timings } from '../support/bare-session.js';
import { BenchProcess } from '../support/bench-process.js';
import { digitsFolder } from '../support/digits.js';
import { type AgentProcess, FleetProcesses, residentBytes, servedVersion } from '../support/fleet-process.js';
import { localRequest } from '../support/local-http.js';
import { childrenOf } from '../support/process-children.js';
import { cpuMillis, proportionalBytes } from '../support/process-usage.js';
import { type Bench, type BenchOptions, type BenchResult, type Comparison, median, type Report } from './bench.js';

const bars = { cpuPct: 1, mainMb: 100, runnerMb: 70, modelFactor: 3, startMs: 2000 };
const version = '1.1.0';

/** What an agent costs while nobody asks it anything, and how soon it answers after a start without a network. */
export const bench: Bench = {
  name: 'footprint',
  title: 'an idle agent that serves one release of digits: CPU, memory, start to first answer without a network',
  comparesWith: 'a bare process with onnxruntime and the model',
  run: runFootprint,
};

/** Medians over blocks. */
interface Footprint {
  readonly cpuPct: number;
  /** Of every process of it, in the order that they were given. */
  readonly pssMb: readonly number[];
  /** Resident, what it shares counted whole: as if nothing else on the machine ran Node. */
  readonly rssMb: readonly number[];
  readonly startMs: number;
}

async function runFootprint(report: Report, { isQuick }: BenchOptions): Promise<BenchResult> {
  const idleMs = isQuick ? 5000 : 20_000;
  const blocks = isQuick ? 1 : 3;
  const fleet = await FleetProcesses.start(['digits']);
  try {
    const agent = await startServing(fleet);
    const model = await servedModel(agent);
    const bare = await BenchProcess.start<BareHello>('bare-session.js', model);
    await bare.ask<Timings>({ calls: 1, inFlight: 1 } satisfies BareOrder);
    await sleep(idleMs);
    const main = agent.child.pid ?? 0;
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let block = 1; block <= blocks; block++) {
      const pids = [main, ...childrenOf(main)];
      const [agentPct = 0, barePct = 0] = await idleCpuPct([pids, [bare.pid]], idleMs);
      report(`  idle for ${idleMs / 1000} s: agent and runner ${agentPct.toFixed(2)} % of a core`);
      ours.push(agentPct);
      theirs.push(barePct);
    }
    const pids = [main, ...childrenOf(main)];
    const memory = { pssMb: pids.map(pssOf), rssMb: pids.map(rssOf) };
    const bareMemory = { pssMb: [pssOf(bare.pid)], rssMb: [rssOf(bare.pid)] };
    await bare.stop();
    const starts = await startsWithoutNetwork({ fleet, agent, model }, isQuick ? 1 : 5, report);
    return resultOf(
      { cpuPct: median(ours), ...memory, startMs: median(starts.ours) },
      { cpuPct: median(theirs), ...bareMemory, startMs: median(starts.theirs) },
      modelMb(model),
    );
  } finally {
    await fleet.stop();
  }
}

async function startServing(fleet: FleetProcesses): Promise<AgentProcess> {
  await fleet.publish(fileURLToPath(new URL(version, digitsFolder)), `digits@${version}`);
  await fleet.api('/rollouts', { release: `digits@${version}`, to: { all: true } });
  const agent = await fleet.startAgent('bench');
  await fleet.until('digits serves', (devices) => devices.some((each) => servedVersion(each, 'digits') === version));
  return agent;
}

/** What the agent serves, as its disk has it. */
async function servedModel({ stateFolder }: AgentProcess): Promise<VerifiedModel> {
  const { releases } = JSON.parse(await readFile(join(stateFolder, 'installs.json'), 'utf8')) as {
    readonly releases: readonly { readonly manifest: string }[];
  };
  const manifestSha256 = releases[0]?.manifest ?? '';
  const blobFolder = join(stateFolder, 'blobs');
  const manifest = decodeManifest(await readFile(join(blobFolder, manifestSha256)));
  // The agent has verified it; the brand is its own.
  return { manifest, manifestSha256, blobFolder } as VerifiedModel;
}

/** Percent of one core that each group of processes used while nothing was asked of it. */
async function idleCpuPct(groups: readonly (readonly number[])[], idleMs: number): Promise<readonly number[]> {
  const used = () => groups.map((pids) => pids.reduce((sum, pid) => sum + cpuMillis(pid), 0));
  const startMs = performance.now();
  const before = used();
  await sleep(idleMs);
  const after = used();
  const elapsedMs = performance.now() - startMs;
  return groups.map((_, i) => (((after[i] ?? 0) - (before[i] ?? 0)) / elapsedMs) * 100);
}

interface Starting {
  readonly fleet: FleetProcesses;
  readonly agent: AgentProcess;
  readonly model: VerifiedModel;
}

/** From the start of the process to the first answer of the model, the server gone; the bare process in turn with the agent. */
async function startsWithoutNetwork({ fleet, agent, model }: Starting, times: number, report: Report) {
  await fleet.stopServer();
  const body = JSON.stringify(digitRequest(0));
  const starts: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
  let running = agent;
  for (let i = 1; i <= times; i++) {
    const ended = once(running.child, 'exit');
    running.child.kill('SIGTERM');
    await ended;
    const startMs = performance.now();
    running = fleet.restartAgent('bench', join(fleet.folder, 'bench', 'agent.yaml'), agent);
    while ((await statusOf(running, body)) !== 200) await sleep(2);
    starts.ours.push(performance.now() - startMs);
    starts.theirs.push(await bareStartMs(model));
    const [ours = 0, theirs = 0] = [starts.ours.at(-1), starts.theirs.at(-1)];
    report(`  start ${i} without a network: ${Math.round(ours)} ms to the first answer, bare ${Math.round(theirs)} ms`);
  }
  return starts;
}

async function statusOf({ socketPath }: AgentProcess, body: string): Promise<number> {
  try {
    return (await localRequest({ socketPath }, '/v2/models/digits/infer', { method: 'POST', body })).status;
  } catch {
    // It does not listen yet.
    return 0;
  }
}

async function bareStartMs(model: VerifiedModel): Promise<number> {
  const startMs = performance.now();
  const bare = await BenchProcess.start<BareHello>('bare-session.js', model);
  await bare.ask<Timings>({ calls: 1, inFlight: 1 } satisfies BareOrder);
  const tookMs = performance.now() - startMs;
  await bare.stop();
  return tookMs;
}

function pssOf(pid: number): number {
  return proportionalBytes(pid) / 1024 ** 2;
}

function rssOf(pid: number): number {
  return residentBytes(pid) / 1024 ** 2;
}

function modelMb({ manifest }: VerifiedModel): number {
  return (manifest.files[manifest.graph]?.bytes ?? 0) / 1024 ** 2;
}

function resultOf(ours: Footprint, theirs: Footprint, graphMb: number): BenchResult {
  const [mainPssMb = Number.NaN, runnerPssMb = Number.NaN] = ours.pssMb;
  const [barePssMb = Number.NaN] = theirs.pssMb;
  const runnerBarMb = bars.runnerMb + bars.modelFactor * graphMb;
  return {
    figures: {
      idleCpuPct: ours.cpuPct,
      mainPssMb,
      mainRssMb: ours.rssMb[0] ?? null,
      runnerPssMb,
      runnerRssMb: ours.rssMb[1] ?? null,
      modelMb: graphMb,
      startToAnswerMs: ours.startMs,
    },
    comparisons: [
      compare('CPU while idle, main and runner', ours.cpuPct, theirs.cpuPct, {
        unit: '% of a core',
        bar: `< ${bars.cpuPct} %`,
        met: ours.cpuPct < bars.cpuPct,
      }),
      compare('PSS of the main process', mainPssMb, null, {
        unit: 'MB',
        bar: `≤ ${bars.mainMb} MB`,
        met: mainPssMb <= bars.mainMb,
      }),
      compare('PSS of the runner', runnerPssMb, barePssMb, {
        unit: 'MB',
        bar: `≤ ${bars.runnerMb} MB + ${bars.modelFactor} × model (${runnerBarMb.toFixed(1)} MB)`,
        met: runnerPssMb <= runnerBarMb,
      }),
      compare('start to first answer, no network', ours.startMs, theirs.startMs, {
        unit: 'ms',
        bar: `≤ ${bars.startMs} ms`,
        met: ours.startMs <= bars.startMs,
      }),
    ],
  };
}

function compare(
  what: string,
  ours: number,
  theirs: number | null,
  more: Pick<Comparison, 'unit' | 'bar' | 'met'>,
): Comparison {
  return { what, ours, theirs, ratio: theirs === null || theirs === 0 ? null : ours / theirs, ...more };
}
