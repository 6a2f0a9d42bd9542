import type * as Onnxruntime from 'onnxruntime-node';
import { messageOf } from '@bellwether/shared/errors';
import { graphDifferences } from '@bellwether/shared/models/compatibility';
import { decodeGolden, type GoldenVectors } from '@bellwether/shared/models/golden';
import { goldenDifference } from '@bellwether/shared/models/golden-check';
import { dataTypes, type Manifest, releaseOf } from '@bellwether/shared/models/manifest';
import { OnnxError, readOnnxGraph } from '@bellwether/shared/models/onnx-tensors';
import { byteCount, tensorText } from '@bellwether/shared/models/tensor-values';
import { watchedTensors } from '@bellwether/shared/models/watched-tensors';
import { AdmissionRefusal } from '../trust/refusal.js';
import type { ProbeResult, RunnerCall, Tensor } from './engine.js';
import { type OnnxSession, openSession, type RunResult } from './runner-onnx-session.js';
import { RunnerState } from './runner-state.js';

/** The latency probe: the best of so many batches of so many calls [T-6]. */
const batches = 3;
const callsPerBatch = 50;

/** A release whose manifest and files have been verified in this process [T-3]; `read` gives a file's verified bytes. */
export interface ReleaseFiles {
  readonly manifest: Manifest;
  readonly read: (file: string) => Uint8Array;
}

/** A release that is loaded and has passed its probe. */
export interface LoadedRelease {
  readonly probe: ProbeResult;
  /** Executes one call: app outputs, then the features that are counted. Rejects with what onnxruntime throws. */
  run(call: RunnerCall): Promise<RunResult>;
}

export interface LoadParts {
  readonly onnxruntime: typeof Onnxruntime;
  readonly open: () => ReleaseFiles | Promise<ReleaseFiles>;
  /** Gives up what a model must not have, once every file is read and before onnxruntime sees a byte. */
  readonly confine: () => void;
  /** The model is loaded; its probe begins. */
  readonly loaded: () => void;
  /** Measures this process. */
  readonly rssBytes: () => number;
}

/** Checks, loads and probes a release in the order of [T-6]. Rejects with AdmissionRefusal, or with what `open` and `confine` throw. */
export async function loadRelease(parts: LoadParts): Promise<LoadedRelease> {
  const { session, manifest, golden, ...times } = await openRelease(parts);
  parts.loaded();
  await refuseAs('golden', () => checkGolden(session, manifest, golden));
  const p99Micros = await probeLatency(session, manifest, golden);
  const usedBytes = parts.rssBytes();
  checkBudgets(manifest, p99Micros, usedBytes);
  const probe = { ...times, goldenVectors: golden.vectors.length, p99Micros, rssBytes: usedBytes };
  return { probe, run: runnerOf(session, manifest) };
}

interface OpenRelease extends Pick<ProbeResult, 'verifyMs' | 'loadMs'> {
  readonly session: OnnxSession;
  readonly manifest: Manifest;
  readonly golden: GoldenVectors;
}

/** A step of its own, so that the graph's bytes are garbage when it is done: the session has its own copy. */
async function openRelease({ onnxruntime, open, confine }: LoadParts): Promise<OpenRelease> {
  const startedMs = performance.now();
  const files = await open();
  const { manifest } = files;
  const parameters = readParameters(files);
  const golden = decodeGolden(files.read(manifest.golden.file));
  const graph = files.read(manifest.graph);
  checkGraph(graph, manifest);
  confine();
  const verifiedMs = performance.now();
  const session = await refuseAs('load', () => openSession(onnxruntime, graph, manifest.runtime, parameters));
  const loadMs = performance.now() - verifiedMs;
  return { session, manifest, golden, verifyMs: verifiedMs - startedMs, loadMs };
}

function readParameters({ manifest, read }: ReleaseFiles): Tensor[] {
  return manifest.inputs.flatMap((input) => {
    if (input.role !== 'parameter') return [];
    const { name, dtype, shape } = input;
    const data = read(input.value);
    const bytes = byteCount(dtype, shape);
    if (data.byteLength !== bytes) {
      throw new AdmissionRefusal(
        'graph',
        `${input.value} has ${data.byteLength} bytes, but ${name} ${tensorText(input)} needs ${bytes}`,
      );
    }
    return [{ name, dtype, shape, data }];
  });
}

/** int4 outputs abort the process when they are run, so dtypes are judged before onnxruntime sees the graph. */
function checkGraph(bytes: Uint8Array, manifest: Manifest): void {
  const graph = readGraph(bytes);
  const allowed: readonly string[] = dataTypes;
  const foreign = [...graph.inputs, ...graph.outputs].find((tensor) => !allowed.includes(tensor.dtype));
  if (foreign !== undefined) {
    throw new AdmissionRefusal('dtype', `the graph's ${foreign.name} is ${foreign.dtype}, which no release may have`);
  }
  const differences = graphDifferences(graph, manifest);
  if (differences.length > 0) {
    throw new AdmissionRefusal(
      'graph',
      `the graph is not what its manifest says: ${differences.slice(0, 3).join('; ')}`,
    );
  }
}

function readGraph(bytes: Uint8Array): ReturnType<typeof readOnnxGraph> {
  try {
    return readOnnxGraph(bytes);
  } catch (cause) {
    if (cause instanceof OnnxError) throw new AdmissionRefusal('graph', cause.message, { cause });
    throw cause;
  }
}

async function checkGolden(session: OnnxSession, manifest: Manifest, { vectors }: GoldenVectors): Promise<void> {
  for (const [i, vector] of vectors.entries()) {
    const { outputs } = await session.run(goldenInputs(vector), Object.keys(vector.outputs));
    const difference = goldenDifference(vector.outputs, outputs, manifest.golden);
    if (difference !== undefined) {
      throw new AdmissionRefusal('golden', `${releaseOf(manifest)}, golden vector ${i}: ${difference}`);
    }
  }
}

async function probeLatency(session: OnnxSession, manifest: Manifest, golden: GoldenVectors): Promise<number> {
  const [vector] = golden.vectors;
  if (vector === undefined) throw new AdmissionRefusal('golden', 'there is no golden vector to measure with');
  const inputs = goldenInputs(vector);
  const names = manifest.outputs.map((output) => output.name);
  let best = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < batches; batch++) {
    // By nearest rank, the p99 of 50 calls is the slowest.
    let slowest = 0;
    for (let call = 0; call < callsPerBatch; call++) {
      slowest = Math.max(slowest, (await session.run(inputs, names)).computeMicros);
    }
    best = Math.min(best, slowest);
  }
  return best;
}

function checkBudgets({ budgets }: Manifest, p99Micros: number, usedBytes: number): void {
  if (p99Micros > budgets.p99Ms * 1000) {
    throw new AdmissionRefusal('latency', `p99 is ${p99Micros / 1000} ms, its budget ${budgets.p99Ms} ms`);
  }
  if (usedBytes > budgets.memoryMb * 1024 * 1024) {
    const usedMb = Math.ceil(usedBytes / 1024 / 1024);
    throw new AdmissionRefusal('memory', `the runner takes ${usedMb} MB, its budget is ${budgets.memoryMb} MB`);
  }
}

function goldenInputs({ inputs }: GoldenVectors['vectors'][number]): Tensor[] {
  return Object.entries(inputs).map(([name, { dtype, shape, data }]) => ({
    name,
    dtype,
    shape,
    data: Buffer.from(data, 'base64'),
  }));
}

/** Features of a large batch are not sent: telemetry is content with those of the others. */
const maxFeatureBytes = 64 * 1024;

/** Beside the app outputs the call answers with the features that are counted; nothing else is even fetched. */
function runnerOf(session: OnnxSession, manifest: Manifest): LoadedRelease['run'] {
  const state = new RunnerState(manifest.inputs);
  const appOutputs = manifest.outputs.filter((output) => output.role === 'app').map((output) => output.name);
  const features = watchedTensors(manifest)
    .filter(({ role }) => role === 'features')
    .map(({ name }) => name);
  const names = [...appOutputs, ...features, ...state.outputNames];
  return async ({ inputs, stateKey = '', reset = false }) => {
    const result = await session.run([...inputs, ...state.take(stateKey, reset)], names);
    state.keep(stateKey, result.outputs);
    const sent = result.outputs
      .slice(0, appOutputs.length + features.length)
      .filter(({ data }, i) => i < appOutputs.length || data.byteLength <= maxFeatureBytes);
    return { outputs: sent, computeMicros: result.computeMicros };
  };
}

async function refuseAs<T>(code: 'load' | 'golden', act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof AdmissionRefusal) throw cause;
    throw new AdmissionRefusal(code, `onnxruntime: ${messageOf(cause)}`, { cause });
  }
}
