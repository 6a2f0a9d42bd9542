import { gunzipSync } from 'node:zlib';
import { decodeBenchmark } from '@bellwether/shared/models/benchmark';
import { decodeGolden } from '@bellwether/shared/models/golden';
import { goldenDifference } from '@bellwether/shared/models/golden-check';
import { bytesPerElement, type Manifest } from '@bellwether/shared/models/manifest';
import { bytesOf, valuesOf, valuesWith } from '@bellwether/shared/models/tensor-values';
import { answeredClasses } from './benchmark-classes.js';
import type { TrialResult } from './release-trial.js';
import type { NamedTensor, TrialSession } from './release-trial-onnx-session.js';

type Files = ReadonlyMap<string, Uint8Array>;

/** Samples of one call, where the model takes several. */
const rowsPerCall = 128;

/** Runs every golden vector; answers with their number. Throws an Error that names the vector that differs. */
export async function requireGolden(session: TrialSession, manifest: Manifest, files: Files): Promise<number> {
  const { vectors } = decodeGolden(files.get(manifest.golden.file) ?? new Uint8Array());
  for (const [i, { inputs, outputs }] of vectors.entries()) {
    const fed = Object.entries(inputs).map(([name, { dtype, shape, data }]) => ({
      name,
      dtype,
      shape,
      data: Buffer.from(data, 'base64'),
    }));
    const got = await session.run(fed, Object.keys(outputs));
    const difference = goldenDifference(outputs, got, manifest.golden);
    if (difference !== undefined) throw new Error(`golden vector ${i + 1} of ${vectors.length}: ${difference}`);
  }
  return vectors.length;
}

/** Accuracy on the release's own labelled set; null when it has none. */
export async function benchmarkScore(
  session: TrialSession,
  manifest: Manifest,
  files: Files,
): Promise<TrialResult['benchmark']> {
  const { benchmark, interpretation } = manifest;
  if (benchmark === undefined) return null;
  if (interpretation === undefined) throw new Error('a benchmark of classes needs an interpretation of the output');
  const { samples, inputs, labels } = decodeBenchmark(files.get(benchmark.file) ?? new Uint8Array());
  const tensors = Object.entries(inputs).map(([name, input]): NamedTensor => {
    const stored = valuesOf({ dtype: input.stored, data: gunzipSync(Buffer.from(input.data, 'base64')) });
    const data = bytesOf(valuesWith(input.dtype, stored.length, (i) => Number(stored[i]) / input.divisor));
    return { name, dtype: input.dtype, shape: input.shape, data };
  });
  const takesRows = manifest.inputs.every((input) => input.role !== 'app' || input.shape[0] === -1);
  const step = takesRows ? rowsPerCall : 1;
  let correct = 0;
  for (let from = 0; from < samples; from += step) {
    const rows = Math.min(step, samples - from);
    const [output] = await session.run(
      tensors.map((tensor) => rowsOf(tensor, from, rows)),
      [interpretation.output],
    );
    if (output === undefined) throw new Error(`there is no output ${interpretation.output}`);
    const answers = answeredClasses(interpretation, { ...output, values: valuesOf(output) });
    correct += answers.filter((answer, i) => answer === labels[from + i]).length;
  }
  return { samples, accuracy: correct / samples };
}

function rowsOf(tensor: NamedTensor, from: number, rows: number): NamedTensor {
  const [, ...row] = tensor.shape;
  const bytes = row.reduce((product, size) => product * size, bytesPerElement(tensor.dtype));
  return { ...tensor, shape: [rows, ...row], data: tensor.data.subarray(from * bytes, (from + rows) * bytes) };
}
