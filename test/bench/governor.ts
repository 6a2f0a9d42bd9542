import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { type AgentStatus, decodeStatus } from '@bellwether/agent/status';
import { decodeManifest } from '@bellwether/shared/models/manifest';
import type { PacedOrder } from '../support/bare-defaults.js';
import { BenchProcess } from '../support/bench-process.js';
import { digitLoad } from '../support/digit-load.js';
import { digitsFolder } from '../support/digits.js';
import { type AgentProcess, FleetProcesses, servedVersion } from '../support/fleet-process.js';
import type { LoadingSetup } from '../support/loading-process.js';
import { localRequest } from '../support/local-http.js';
import { OpenLoop } from '../support/open-loop.js';
import { childrenOf } from '../support/process-children.js';
import { cpuMillis } from '../support/process-usage.js';
import { type Bench, type BenchOptions, type BenchResult, quantile, type Report } from './bench.js';

const bars = { cpuPct: 15, p99Ratio: 1.5 };
/** The lower ceiling that forces everything out, in percent of one core. */
const tightPct = 2;
/** Inputs, shadow, and features of outputs. */
const steps = 3;
const longestMs = 180_000;

/** What an agent costs while it is asked, everything on, and whether answers suffer when it has to leave something out. */
export const bench: Bench = {
  name: 'governor',
  title: 'digits at 10 and 50 calls a second, watched inputs counted, every call asked of a canary in the shadow too',
  comparesWith: "a bare loop with onnxruntime's defaults",
  run: runGovernor,
};

async function runGovernor(report: Report, { isQuick }: BenchOptions): Promise<BenchResult> {
  const seconds = isQuick ? 8 : 30;
  const fleet = await FleetProcesses.start(['digits']);
  try {
    const agent = await startShadowing(fleet);
    const at10 = await loaded(agent, 10, seconds);
    report(`10 calls a second: ${at10.pct.toFixed(2)} % of a core, the agent's own ${shown(at10.status)}`);
    const at50 = await loaded(agent, 50, seconds);
    report(`50 calls a second: ${at50.pct.toFixed(2)} % of a core, the agent's own ${shown(at50.status)}`);
    const bare = await BenchProcess.start<object>('bare-defaults.js', await modelOf(agent));
    const bareAt10 = await pctOf([bare.pid], () => bare.ask({ perSecond: 10, seconds } satisfies PacedOrder));
    const bareAt50 = await pctOf([bare.pid], () => bare.ask({ perSecond: 50, seconds } satisfies PacedOrder));
    await bare.stop();
    report(
      `bare loop, onnxruntime's defaults: ${bareAt10.toFixed(1)} % at 10 a second, ${bareAt50.toFixed(1)} % at 50`,
    );
    const shedding = await whileShedding(fleet, agent, report);
    const p99Ratio = quantile(shedding.latenciesMs, 0.99) / quantile(at50.latenciesMs, 0.99);
    return {
      figures: {
        cpuPctAt10Hz: at10.pct,
        cpuPctAt50Hz: at50.pct,
        bareDefaultCpuPctAt10Hz: bareAt10,
        bareDefaultCpuPctAt50Hz: bareAt50,
        ownCpuPctAt50Hz: at50.status.governor?.ownCpuPct ?? null,
        shed: shedding.shed.join(' '),
        p99Ms: quantile(at50.latenciesMs, 0.99),
        p99MsWhileShedding: quantile(shedding.latenciesMs, 0.99),
        p99RatioWhileShedding: p99Ratio,
      },
      comparisons: [
        cpu('main and runners at 10 calls a second', at10.pct, bareAt10),
        {
          ...cpu('main and runners at 50 calls a second', at50.pct, bareAt50),
          ...bar(at50.pct < bars.cpuPct, `< ${bars.cpuPct} %`),
        },
        {
          what: 'p99 of calls while the governor sheds, to that at half the load before',
          ours: p99Ratio,
          theirs: null,
          unit: '×',
          ratio: null,
          ...bar(p99Ratio <= bars.p99Ratio && shedding.shed.length === steps, `≤ ${bars.p99Ratio} ×`),
        },
      ],
    };
  } finally {
    await fleet.stop();
  }
}

/** An agent that serves 1.1.0 and asks 1.0.0 in the shadow, each call. */
async function startShadowing(fleet: FleetProcesses): Promise<AgentProcess> {
  for (const version of ['1.0.0', '1.1.0']) {
    await fleet.publish(fileURLToPath(new URL(version, digitsFolder)), `digits@${version}`);
  }
  await fleet.api('/rollouts', { release: 'digits@1.1.0', to: { all: true } });
  const agent = await fleet.startAgent('bench', { startSpreadMs: 0 });
  await fleet.until('digits serves', (devices) => devices.some((each) => servedVersion(each, 'digits') === '1.1.0'));
  const all = { cohort: { percent: 100 }, share: 100 };
  const policySteps = [
    { ...all, mode: 'shadow', holdSeconds: 3600, timeLimitSeconds: 86_400 },
    { cohort: all.cohort, mode: 'split', share: 50, timeLimitSeconds: 86_400 },
    { ...all, mode: 'full', timeLimitSeconds: 86_400 },
  ];
  await fleet.api('/rollouts', {
    release: 'digits@1.0.0',
    to: { all: true },
    policy: { version: 1, steps: policySteps },
  });
  await fleet.until('the shadow is ready', ([device]) => {
    return device?.report?.models[0]?.canary?.state === 'ready';
  });
  return agent;
}

interface Loaded {
  readonly pct: number;
  readonly latenciesMs: readonly number[];
  readonly status: AgentStatus;
}

/** One application at a rate: what the agent and its runners take of a core, and how long its calls take. */
async function loaded(agent: AgentProcess, perSecond: number, seconds: number): Promise<Loaded> {
  const loop = new OpenLoop(agent.socketPath, digitLoad(0), perSecond);
  loop.start();
  await sleep(3000);
  const main = agent.child.pid ?? 0;
  const pct = await pctOf([main, ...childrenOf(main)], () => sleep(seconds * 1000));
  const status = await statusOf(agent);
  await loop.stop();
  return { pct, latenciesMs: answeredMs(loop, performance.now() - seconds * 1000), status };
}

/** Percent of one core that processes took together. */
async function pctOf(pids: readonly number[], during: () => Promise<unknown>): Promise<number> {
  const used = () => pids.reduce((sum, pid) => sum + cpuMillis(pid), 0);
  const [startMs, before] = [performance.now(), used()];
  await during();
  return ((used() - before) / (performance.now() - startMs)) * 100;
}

/**
 * The agent starts again with a ceiling that it cannot keep, and another application comes with as many calls: everything
 * is left out, step by step. The first application's calls are measured from the first step to 15 s after the last.
 */
async function whileShedding(fleet: FleetProcesses, agent: AgentProcess, report: Report) {
  const tight = await restartedWith(fleet, agent, { cpuPct: tightPct });
  const setup: LoadingSetup = { socketPath: tight.socketPath, perSecond: 50 };
  const other = await BenchProcess.start<object>('loading-process.js', setup);
  const loop = new OpenLoop(tight.socketPath, digitLoad(0), 50);
  loop.start();
  const endMs = performance.now() + longestMs;
  let firstMs: number | undefined;
  let shed: readonly string[] = [];
  while (shed.length < steps && performance.now() < endMs) {
    await sleep(500);
    const { governor } = await statusOf(tight);
    if (governor !== undefined && governor.shed.length > shed.length) {
      ({ shed } = governor);
      firstMs ??= performance.now();
      report(`100 calls a second under a ceiling of ${tightPct} %: leaves out ${shed.join(', ')}`);
    }
  }
  await sleep(15_000);
  await loop.stop();
  await other.stop();
  return { shed, latenciesMs: answeredMs(loop, firstMs ?? endMs) };
}

async function restartedWith(
  fleet: FleetProcesses,
  agent: AgentProcess,
  governor: { readonly cpuPct: number },
): Promise<AgentProcess> {
  const ended = once(agent.child, 'exit');
  agent.child.kill('SIGTERM');
  await ended;
  const file = fleet.agentFile(agent.name);
  const config = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...config, governor }));
  const restarted = fleet.restartAgent(agent.name, file, agent);
  const endMs = performance.now() + longestMs;
  while (!(await isShadowing(restarted)) && performance.now() < endMs) await sleep(200);
  return restarted;
}

async function isShadowing(agent: AgentProcess): Promise<boolean> {
  try {
    return (await statusOf(agent)).models[0]?.canary?.state === 'ready';
  } catch {
    return false; // it does not listen yet
  }
}

function answeredMs({ sent }: OpenLoop, fromMs: number): readonly number[] {
  return sent.filter(({ dueMs, error }) => dueMs >= fromMs && error === null).map(({ latencyMs }) => latencyMs);
}

async function statusOf({ socketPath }: AgentProcess): Promise<AgentStatus> {
  const { body } = await localRequest({ socketPath }, '/bellwether/status');
  return decodeStatus(body);
}

function shown({ governor }: AgentStatus): string {
  const own = governor?.ownCpuPct ?? null;
  return own === null ? 'unknown' : `${own.toFixed(2)} %`;
}

/** What the agent serves, as its disk has it. */
async function modelOf({ stateFolder }: AgentProcess): Promise<VerifiedModel> {
  const { releases } = JSON.parse(await readFile(join(stateFolder, 'installs.json'), 'utf8')) as {
    readonly releases: readonly { readonly manifest: string; readonly version: string }[];
  };
  const manifestSha256 = releases.find(({ version }) => version === '1.1.0')?.manifest ?? '';
  const blobFolder = join(stateFolder, 'blobs');
  const manifest = decodeManifest(await readFile(join(blobFolder, manifestSha256)));
  // The agent has verified it; the brand is its own.
  return { manifest, manifestSha256, blobFolder } as VerifiedModel;
}

function cpu(what: string, ours: number, theirs: number) {
  return { what, ours, theirs, unit: '% of a core', ratio: ours / theirs };
}

function bar(met: boolean, text: string) {
  return { bar: text, met };
}
