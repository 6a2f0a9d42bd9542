import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { GoldenVectors, TensorValue } from '@bellwether/shared/models/golden';
import type { InputTensor, OutputTensor, ReleaseSource } from '@bellwether/shared/models/manifest';
import { checkReleaseSource } from '@bellwether/shared/models/release-source';
import { loadOnnxruntime } from './onnxruntime.js';

/** What a fixture says about a release; everything else in its release.yaml has a default. */
export interface ReleaseFixture {
  readonly model: string;
  readonly version: string;
  readonly graph: Uint8Array;
  readonly inputs: readonly InputTensor[];
  readonly outputs: readonly OutputTensor[];
  /** The golden inputs; the outputs come from running the model. A state input gets the output of the vector before. */
  readonly vectors: readonly Readonly<Record<string, TensorValue>>[];
  /** Fields of release.yaml that are not the default. */
  readonly overrides?: Partial<ReleaseSource>;
  /** Raw values of the parameter inputs, by file name. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

/** Writes a release folder (release.yaml, model.onnx, golden.json) as an author would; returns the folder. */
export async function writeReleaseFolder(folder: string, fixture: ReleaseFixture): Promise<string> {
  const source = checkReleaseSource({
    model: fixture.model,
    version: fixture.version,
    graph: 'model.onnx',
    inputs: fixture.inputs,
    outputs: fixture.outputs,
    runtime: { intraOpThreads: 1, spinning: false, graphOptimization: 'all' },
    golden: { file: 'golden.json', atol: 1e-3, rtol: 1e-3 },
    lineage: {
      gitCommit: 'fixture',
      data: { id: 'fixture', sha256: '0'.repeat(64) },
      training: 'test/support/release-folder.ts',
      runtimeConfiguration: 'fixture',
    },
    budgets: { memoryMb: 1024, p99Ms: 1000 },
    adjustable: { tensors: [] },
    ...fixture.overrides,
  });
  const golden = await goldenOf(fixture);
  await mkdir(folder, { recursive: true });
  await Promise.all([
    // JSON is YAML.
    writeFile(join(folder, 'release.yaml'), `${JSON.stringify(source, null, 2)}\n`),
    writeFile(join(folder, source.graph), fixture.graph),
    writeFile(join(folder, source.golden.file), `${JSON.stringify(golden)}\n`),
    ...Object.entries(fixture.files ?? {}).map(([name, bytes]) => writeFile(join(folder, name), bytes)),
  ]);
  return folder;
}

/** FP32 values as a golden file has them. */
export function floats(shape: number[], values: Iterable<number>): TensorValue {
  return { dtype: 'FP32', shape, data: Buffer.from(Float32Array.from(values).buffer).toString('base64') };
}

/** INT64 values as a golden file has them. */
export function integers(shape: number[], values: Iterable<bigint>): TensorValue {
  return { dtype: 'INT64', shape, data: Buffer.from(BigInt64Array.from(values).buffer).toString('base64') };
}

/** A golden value as a tensor of onnxruntime; FP32 and INT64 only. */
export async function tensorOf(value: TensorValue): Promise<Tensor> {
  const { Tensor } = await loadOnnxruntime();
  const bytes = Uint8Array.from(Buffer.from(value.data, 'base64')).buffer;
  if (value.dtype === 'FP32') return new Tensor('float32', new Float32Array(bytes), value.shape);
  if (value.dtype === 'INT64') return new Tensor('int64', new BigInt64Array(bytes), value.shape);
  throw new TypeError(`no fixture has ${value.dtype} values`);
}

/** Runs the fixture's model on its vectors, state carried from one to the next. */
async function goldenOf(fixture: ReleaseFixture): Promise<GoldenVectors> {
  const { InferenceSession } = await loadOnnxruntime();
  const session = await InferenceSession.create(fixture.graph, { intraOpNumThreads: 1 });
  try {
    const parameters = parametersOf(fixture);
    const state = zeroState(fixture.inputs);
    const vectors: GoldenVectors['vectors'] = [];
    for (const vector of fixture.vectors) {
      const inputs = { ...state, ...vector };
      const outputs = await runOnce(session, { ...parameters, ...inputs });
      vectors.push({ inputs, outputs });
      for (const input of fixture.inputs) {
        const next = input.role === 'state' ? outputs[input.from] : undefined;
        if (next !== undefined) state[input.name] = next;
      }
    }
    return { vectors };
  } finally {
    await session.release();
  }
}

async function runOnce(
  session: InferenceSession,
  values: Readonly<Record<string, TensorValue>>,
): Promise<Record<string, TensorValue>> {
  const feeds: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(values)) feeds[name] = await tensorOf(value);
  const results = await session.run(feeds);
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, valueOf(name, tensor)]));
}

function valueOf(name: string, { data, dims }: Tensor): TensorValue {
  if (data instanceof Float32Array) return floats([...dims], data);
  if (data instanceof BigInt64Array) return integers([...dims], data);
  throw new TypeError(`output ${name} is neither FP32 nor INT64`);
}

function zeroState(inputs: readonly InputTensor[]): Record<string, TensorValue> {
  const state = inputs.filter((input) => input.role === 'state');
  return Object.fromEntries(state.map(({ name, shape }) => [name, floats(shape, new Float32Array(sizeOf(shape)))]));
}

function parametersOf({ inputs, files }: ReleaseFixture): Record<string, TensorValue> {
  const parameters: Record<string, TensorValue> = {};
  for (const input of inputs) {
    if (input.role !== 'parameter') continue;
    const bytes = files?.[input.value] ?? new Uint8Array();
    parameters[input.name] = { dtype: input.dtype, shape: input.shape, data: Buffer.from(bytes).toString('base64') };
  }
  return parameters;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
