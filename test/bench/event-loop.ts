import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { bytesOf } from '@bellwether/shared/models/tensor-values';
import type { BareHello } from '../support/bare-session.js';
import { BenchProcess } from '../support/bench-process.js';
import { HttpConnection, writePost } from '../support/http-connection.js';
import { largeModel } from '../support/onnx-models.js';
import { integers } from '../support/release-folder.js';
import { RunnerWorld } from '../support/runner-world.js';
import type { ServingProcessSetup, SwapDone, SwapOrder } from '../support/serving-process.js';
import { type Bench, type BenchOptions, type BenchResult, median } from './bench.js';

const megabytes = 100;
const barMs = 20;
const callEveryMs = 20;

/** How long the agent's main thread is held up while a large model comes in and takes over. */
export const bench: Bench = {
  name: 'event-loop',
  title: `the longest gap in the main thread while a ${megabytes} MB model loads and swaps in`,
  comparesWith: 'loading it in the main process',
  run: runEventLoop,
};

async function runEventLoop(report: (line: string) => void, { isQuick }: BenchOptions): Promise<BenchResult> {
  const world = await RunnerWorld.create('large');
  try {
    const models = [await addLarge(world, 1), await addLarge(world, 2)];
    const ours = await gapsOfSwaps(world, models, isQuick ? 1 : 5, report);
    const theirs = await gapsOfLoads(models, isQuick ? 1 : 3, report);
    return resultOf(ours, theirs);
  } finally {
    await world.remove();
  }
}

function addLarge(world: RunnerWorld, seed: number): Promise<VerifiedModel> {
  const { bytes: graph, inputs, outputs } = largeModel(megabytes, seed);
  const vectors = [{ row: integers([1], [1n]) }];
  return world.addFixture({ model: 'large', version: `1.0.${seed}`, graph, inputs, outputs, vectors });
}

/** The longest gap, in ms, of each swap of one large model for the other, while an application asks 50 times a second. */
async function gapsOfSwaps(
  world: RunnerWorld,
  models: readonly VerifiedModel[],
  swaps: number,
  report: (line: string) => void,
): Promise<number[]> {
  const socketPath = join(world.folder, 'agent.sock');
  const setup: ServingProcessSetup = { models, trust: world.trust, socketPath, tokenFile: join(world.folder, 'token') };
  const agent = await BenchProcess.start('serving-process.js', setup);
  const application = await startApplication(socketPath);
  const gaps: number[] = [];
  try {
    for (let i = 1; i <= swaps; i++) {
      const { gapMs } = await agent.ask<SwapDone>({ swapTo: i % models.length } satisfies SwapOrder);
      report(`  swap ${i}: ${gapMs.toFixed(1)} ms, ${application.answered()} calls answered so far`);
      gaps.push(gapMs);
    }
  } finally {
    await application.stop();
    await agent.stop();
  }
  return gaps;
}

/** One call after the other, the next one `callEveryMs` after the last answer at the earliest. */
async function startApplication(socketPath: string): Promise<{ answered(): number; stop(): Promise<void> }> {
  const connection = await HttpConnection.open({ socketPath });
  const parameters = { binary_data_size: 8 };
  const json = Buffer.from(JSON.stringify({ inputs: [{ name: 'row', datatype: 'INT64', shape: [1], parameters }] }));
  const body = Buffer.concat([json, bytesOf(BigInt64Array.of(1n))]);
  const request = writePost('/v2/models/large/infer', body, { 'inference-header-content-length': json.length });
  const over = new AbortController();
  let answers = 0;
  const calls = (async () => {
    while (!over.signal.aborted) {
      await connection.exchange(request);
      answers++;
      await sleep(callEveryMs);
    }
  })();
  const stop = async (): Promise<void> => {
    over.abort();
    await calls;
    connection.close();
  };
  return { answered: () => answers, stop };
}

/** The longest gap, in ms, of loading the same models in the main thread of a process that does nothing else. */
async function gapsOfLoads(
  models: readonly VerifiedModel[],
  times: number,
  report: (line: string) => void,
): Promise<number[]> {
  const gaps: number[] = [];
  for (let i = 1; i <= times; i++) {
    const bare = await BenchProcess.start<BareHello>('bare-session.js', models[i % models.length]);
    report(`  load in the main process ${i}: ${bare.hello.gapMs.toFixed(1)} ms`);
    gaps.push(bare.hello.gapMs);
    await bare.stop();
  }
  return gaps;
}

function resultOf(ours: readonly number[], theirs: readonly number[]): BenchResult {
  const maxGapMs = Math.max(...ours);
  const maxTheirsMs = Math.max(...theirs);
  return {
    figures: { maxGapMs },
    comparisons: [
      {
        what: 'longest gap of all',
        ours: maxGapMs,
        theirs: maxTheirsMs,
        unit: 'ms',
        ratio: maxGapMs / maxTheirsMs,
        bar: `< ${barMs} ms`,
        met: maxGapMs < barMs,
      },
      {
        what: 'median of the longest gap of each',
        ours: median(ours),
        theirs: median(theirs),
        unit: 'ms',
        ratio: median(ours) / median(theirs),
      },
    ],
  };
}
