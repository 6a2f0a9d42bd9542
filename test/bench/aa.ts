import { fileURLToPath } from 'node:url';
import type { Tensor } from '@bellwether/agent/inference/engine';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { bytesOf } from '@bellwether/shared/models/tensor-values';
import { type AaResult, runAaTrial } from '../support/aa-trial.js';
import { digitsFolder, imageOf, readSplit } from '../support/digits.js';
import { identityModel, slowModel } from '../support/onnx-models.js';
import { floats } from '../support/release-folder.js';
import { RunnerWorld } from '../support/runner-world.js';
import { type Bench, type BenchOptions, type BenchResult, median, type Report } from './bench.js';

/** Hundredths of a percent. */
const shares = [500, 5000];

interface Subject {
  readonly name: string;
  readonly model: VerifiedModel;
  readonly inputs: readonly Tensor[];
}

/** A release against itself: two processes with the same bytes are not alike, and must not be told apart. */
export const bench: Bench = {
  name: 'aa',
  title: 'one release as both arms of a rollout, in real runners under load',
  comparesWith: 'the same calls judged without the tolerance for slow calls',
  run: runAa,
};

async function runAa(report: Report, { isQuick, signal }: BenchOptions): Promise<BenchResult> {
  const blocks = isQuick ? 1 : 5;
  const seconds = isQuick ? 5 : 15;
  const world = await RunnerWorld.create('tiny', 'digits', 'slow');
  const results: AaResult[] = [];
  try {
    for (const subject of await subjectsOf(world)) {
      for (let block = 0; block < blocks && !signal.aborted; block++) {
        // New runners for each block: what makes two processes unlike is drawn anew.
        const pair = { stable: await world.start(subject.model), canary: await world.start(subject.model) };
        for (const share of shares) {
          const number = results.length + 1;
          const result = await runAaTrial({ ...pair, inputs: subject.inputs }, { share, seconds, number }, signal);
          results.push(result);
          report(lineOf(subject.name, share, result));
        }
        await Promise.all([pair.stable.stop(), pair.canary.stop()]);
      }
    }
  } finally {
    await world.remove();
  }
  return resultOf(results);
}

async function subjectsOf(world: RunnerWorld): Promise<Subject[]> {
  const tiny = identityModel();
  const slow = slowModel(5);
  const image = imageOf(readSplit('stream'), 0);
  const four = Float32Array.of(1, 2, 3, 4);
  const many = new Float32Array(256);
  return [
    {
      name: 'identity, 20 µs',
      model: await world.addFixture({
        model: 'tiny',
        version: '1.0.0',
        graph: tiny.bytes,
        inputs: tiny.inputs,
        outputs: tiny.outputs,
        vectors: [{ x: floats([1, 4], four) }],
      }),
      inputs: [{ name: 'x', dtype: 'FP32', shape: [1, 4], data: bytesOf(four) }],
    },
    {
      name: 'digits, 100 kB',
      model: await world.add(fileURLToPath(new URL('1.1.0', digitsFolder))),
      inputs: [{ name: 'image', dtype: 'FP32', shape: [1, 1, 28, 28], data: bytesOf(Float32Array.from(image)) }],
    },
    {
      name: 'dense, 5 ms',
      model: await world.addFixture({
        model: 'slow',
        version: '1.0.0',
        graph: slow.bytes,
        inputs: slow.inputs,
        outputs: slow.outputs,
        vectors: [{ x: floats([1, 256], many) }],
      }),
      inputs: [{ name: 'x', dtype: 'FP32', shape: [1, 256], data: bytesOf(many) }],
    },
  ];
}

function lineOf(name: string, share: number, result: AaResult): string {
  const { calls, canaryCalls, isFail, maxLogHarm, withoutTolerance } = result;
  const strict = withoutTolerance.isFail ? `fails after ${withoutTolerance.seconds} s` : 'passes';
  const verdict = isFail ? 'FAILS' : result.isInterference ? 'INTERFERENCE' : 'ok';
  return `  ${name}, ${share / 100} %: ${verdict}; ${canaryCalls} of ${calls} calls, E ≤ ${Math.exp(maxLogHarm).toPrecision(3)}; without tolerance ${strict}`;
}

function resultOf(results: readonly AaResult[]): BenchResult {
  const runs = results.length;
  const fails = results.filter(({ isFail }) => isFail).length;
  const strict = results.filter(({ withoutTolerance }) => withoutTolerance.isFail);
  const seconds = strict.map(({ withoutTolerance }) => withoutTolerance.seconds);
  return {
    figures: {
      runs,
      fails,
      interferences: results.filter(({ isInterference }) => isInterference).length,
      failsWithoutTolerance: strict.length,
      medianSecondsWithoutTolerance: strict.length === 0 ? null : median(seconds),
    },
    comparisons: [
      {
        what: `of ${runs} trials of a release against itself: taken back`,
        ours: fails,
        theirs: strict.length,
        unit: '',
        ratio: null,
        bar: '0',
        met: fails === 0,
      },
    ],
  };
}
