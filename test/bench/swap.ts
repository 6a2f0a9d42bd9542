import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digitsFolder } from '../support/digits.js';
import { type AgentProcess, FleetProcesses, residentBytes, servedVersion } from '../support/fleet-process.js';
import { loadBody, OpenLoop, type Sent } from '../support/open-loop.js';
import { childrenOf } from '../support/process-children.js';
import { writeSileroRelease } from '../support/silero.js';
import { type Bench, type BenchResult, median, quantile, type Report } from './bench.js';

/** Two pairs of real releases, swapped in turn on one agent, each model under half of the load. */
const pairs = [
  { model: 'silero-vad', versions: ['5.0.0', '6.0.0'] },
  { model: 'digits', versions: ['1.0.0', '1.1.0'] },
] as const;
type Pair = (typeof pairs)[number];

const requestsPerSecond = 200;
const blocks = 5;
/** Between two swaps, so that the quiet seconds are quiet. */
const quietMs = 1000;
const settleMs = 250;

/** When an order went out, and when the old runner was gone. */
interface Swap {
  readonly startMs: number;
  readonly endMs: number;
}

export const bench: Bench = {
  name: 'swap',
  title: 'Swapping releases under load',
  comparesWith: 'the same agent under the same load between the swaps',
  run: async (report, { isQuick, signal }) => {
    const swaps = isQuick ? 20 : 200;
    const fleet = await FleetProcesses.start(pairs.map(({ model }) => model.split('-')[0] ?? model));
    const releases = await mkdtemp(join(tmpdir(), 'bellwether-swap-'));
    try {
      await publishAll(fleet, releases, report);
      const agent = await fleet.startAgent('bench', { windowSeconds: 60 });
      for (const pair of pairs) await order(fleet, pair, 0);
      await Promise.all(pairs.map((pair) => serves(fleet, pair, 0)));
      const loops = startLoad(agent);
      const made: Swap[] = [];
      const rss: number[] = [];
      await pause(2000);
      for (let i = 0; i < swaps && !signal.aborted; i++) {
        made.push(await swapOnce(fleet, agent, i));
        rss.push(residentBytes(agent.child.pid ?? 0));
        if ((i + 1) % 20 === 0) report(`${i + 1} of ${swaps} swaps`);
        await pause(quietMs);
      }
      await Promise.all(loops.map(({ loop }) => loop.stop()));
      return resultOf(made, rss, loops);
    } finally {
      await fleet.stop();
      await rm(releases, { recursive: true, force: true });
    }
  },
};

interface Load {
  readonly model: string;
  readonly loop: OpenLoop;
}

function startLoad(agent: AgentProcess): readonly Load[] {
  const perSecond = requestsPerSecond / pairs.length;
  const bodies = [
    loadBody('silero-vad', [
      { name: 'input', datatype: 'FP32', shape: [1, 576] },
      { name: 'sr', datatype: 'INT64', shape: [], fill: 16_000 },
    ]),
    loadBody('digits', [{ name: 'image', datatype: 'FP32', shape: [1, 1, 28, 28] }]),
  ];
  return bodies.map((body, i) => {
    const loop = new OpenLoop(agent.socketPath, body, perSecond);
    loop.start((i * 1000) / requestsPerSecond);
    return { model: body.model, loop };
  });
}

async function publishAll(fleet: FleetProcesses, folder: string, report: Report): Promise<void> {
  for (const version of ['5.0.0', '6.0.0'] as const) {
    await fleet.publish(await writeSileroRelease(join(folder, version), version), `silero-vad@${version}`);
  }
  for (const version of ['1.0.0', '1.1.0']) {
    await fleet.publish(fileURLToPath(new URL(version, digitsFolder)), `digits@${version}`);
  }
  report('four releases are published');
}

async function order(fleet: FleetProcesses, { model, versions }: Pair, turn: number): Promise<void> {
  await fleet.api('/rollouts', { release: `${model}@${versions[turn % 2]}`, to: { all: true } });
}

async function serves(fleet: FleetProcesses, { model, versions }: Pair, turn: number): Promise<void> {
  const version = versions[turn % 2];
  await fleet.until(`${model}@${version} serves`, (devices) =>
    devices.some((device) => servedVersion(device, model) === version),
  );
}

/** Swaps one model to its other release; the swap is over when the old runner's process is gone. */
async function swapOnce(fleet: FleetProcesses, agent: AgentProcess, index: number): Promise<Swap> {
  const pair = pairs[index % pairs.length] ?? pairs[0];
  const turn = Math.floor(index / pairs.length) + 1;
  const pid = agent.child.pid ?? 0;
  const before = childrenOf(pid);
  const startMs = performance.now();
  await order(fleet, pair, turn);
  const limitMs = startMs + 60_000;
  while (before.every((child) => childrenOf(pid).includes(child))) {
    if (performance.now() > limitMs) throw new Error(`no runner ended in a minute: ${agent.log().slice(-2000)}`);
    await pause(5);
  }
  const endMs = performance.now();
  await serves(fleet, pair, turn);
  return { startMs, endMs };
}

function resultOf(swaps: readonly Swap[], rss: readonly number[], loads: readonly Load[]): BenchResult {
  const sent = loads.flatMap(({ loop }) => loop.sent);
  const failed = sent.filter((each) => each.error !== null);
  const perModel = loads.map(({ model, loop }) => ({ model, ...latencyOf(loop.sent, swaps) }));
  const worst = perModel.reduce((a, b) => (a.ratio > b.ratio ? a : b));
  const half = Math.floor(rss.length / 2) - 1;
  const rssGrowthMb = ((rss.at(-1) ?? 0) - (rss[half] ?? 0)) / 1e6;
  const swapMs = swaps.map(({ startMs, endMs }) => endMs - startMs);
  return {
    figures: {
      swaps: swaps.length,
      requests: sent.length,
      failed: failed.length,
      firstFailure: failed[0]?.error ?? null,
      p50QuietMs: worst.p50QuietMs,
      p50SwapMs: worst.p50SwapMs,
      p99QuietMs: worst.p99QuietMs,
      p99SwapMs: worst.p99SwapMs,
      p99Ratio: worst.ratio,
      swapMedianMs: median(swapMs),
      rssGrowthMb,
      rssMb: (rss.at(-1) ?? 0) / 1e6,
    },
    comparisons: [
      ...perModel.map(({ model, p99SwapMs, p99QuietMs, ratio }) => ({
        what: `${model}: p99 during a swap, and quiet`,
        ours: p99SwapMs,
        theirs: p99QuietMs,
        unit: 'ms',
        ratio,
        bar: '≤ 1.5 ×',
        met: ratio <= 1.5,
      })),
      {
        what: `failed of ${sent.length} requests`,
        ours: failed.length,
        theirs: 0,
        unit: 'requests',
        ratio: null,
        bar: '0',
        met: failed.length === 0,
      },
      {
        what: 'growth of the main process in the second half',
        ours: rssGrowthMb,
        theirs: null,
        unit: 'MB',
        ratio: null,
        bar: '≤ 5 MB',
        met: rssGrowthMb <= 5,
      },
    ],
  };
}

/** Median over blocks of swaps that follow each other: one noisy minute of the machine does not decide. */
function latencyOf(sent: readonly Sent[], swaps: readonly Swap[]) {
  const size = Math.ceil(swaps.length / blocks);
  const figures = Array.from({ length: blocks }, (_, block) => {
    const own = swaps.slice(block * size, (block + 1) * size);
    const from = own[0]?.startMs ?? 0;
    const to = (own.at(-1)?.endMs ?? 0) + quietMs;
    const inBlock = sent.filter(({ dueMs }) => dueMs >= from && dueMs < to);
    const during = inBlock.filter(({ dueMs }) => own.some((s) => dueMs >= s.startMs && dueMs <= s.endMs));
    const quiet = inBlock.filter(({ dueMs }) => own.every((s) => dueMs < s.startMs || dueMs > s.endMs + settleMs));
    return { during: during.map((s) => s.latencyMs), quiet: quiet.map((s) => s.latencyMs) };
  }).filter(({ during, quiet }) => during.length > 0 && quiet.length > 0);
  const over = (read: (figure: (typeof figures)[number]) => number): number => median(figures.map(read));
  return {
    p50QuietMs: over(({ quiet }) => quantile(quiet, 0.5)),
    p50SwapMs: over(({ during }) => quantile(during, 0.5)),
    p99QuietMs: over(({ quiet }) => quantile(quiet, 0.99)),
    p99SwapMs: over(({ during }) => quantile(during, 0.99)),
    ratio: over(({ during, quiet }) => quantile(during, 0.99) / quantile(quiet, 0.99)),
  };
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
