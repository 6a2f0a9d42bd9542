import type * as Onnxruntime from 'onnxruntime-node';
import { type DataType, dataTypes, type RuntimeOptions } from '@bellwether/shared/models/manifest';
import { bytesOf, onnxTypes, valuesOf } from '@bellwether/shared/models/tensor-values';
import type { Tensor } from './engine.js';

type Onnx = typeof Onnxruntime;
type InferenceSession = Onnxruntime.InferenceSession;
type OnnxTensor = Onnxruntime.Tensor;

const dataTypeOf: ReadonlyMap<string, DataType> = new Map(dataTypes.map((dtype) => [onnxTypes[dtype], dtype]));

/** What one run gave; `computeMicros` is session.run alone. */
export interface RunResult {
  readonly outputs: readonly Tensor[];
  readonly computeMicros: number;
}

/** One onnxruntime session with its parameters bound. */
export class OnnxSession {
  readonly #onnxruntime: Onnx;
  readonly #session: InferenceSession;
  readonly #parameters: Readonly<Record<string, OnnxTensor>>;

  constructor(onnxruntime: Onnx, session: InferenceSession, parameters: readonly Tensor[]) {
    this.#onnxruntime = onnxruntime;
    this.#session = session;
    this.#parameters = Object.fromEntries(parameters.map((tensor) => [tensor.name, toOnnx(onnxruntime, tensor)]));
  }

  /** Runs the graph; the named outputs only. Rejects with what onnxruntime throws. */
  async run(inputs: readonly Tensor[], outputNames: readonly string[]): Promise<RunResult> {
    const feeds: Record<string, OnnxTensor> = { ...this.#parameters };
    for (const input of inputs) feeds[input.name] = toOnnx(this.#onnxruntime, input);
    const started = performance.now();
    const results = await this.#session.run(feeds, outputNames);
    const computeMicros = Math.round((performance.now() - started) * 1000);
    return { outputs: outputNames.map((name) => fromOnnx(name, results[name])), computeMicros };
  }
}

/** A session from the very bytes that were verified [T-3]; rejects with what onnxruntime throws. */
export async function openSession(
  onnxruntime: Onnx,
  graph: Uint8Array,
  runtime: RuntimeOptions,
  parameters: readonly Tensor[],
): Promise<OnnxSession> {
  const session = await onnxruntime.InferenceSession.create(graph, {
    intraOpNumThreads: runtime.intraOpThreads,
    graphOptimizationLevel: runtime.graphOptimization,
    // Strings: onnxruntime ignores booleans here, and then spins.
    extra: { session: { intra_op: { allow_spinning: runtime.spinning ? '1' : '0' } } },
  });
  return new OnnxSession(onnxruntime, session, parameters);
}

function toOnnx({ Tensor: Make }: Onnx, tensor: Tensor): OnnxTensor {
  return new Make(onnxTypes[tensor.dtype], valuesOf(tensor), tensor.shape);
}

function fromOnnx(name: string, tensor: OnnxTensor | undefined): Tensor {
  const dtype = tensor === undefined ? undefined : dataTypeOf.get(tensor.type);
  if (tensor === undefined || dtype === undefined || !ArrayBuffer.isView(tensor.data)) {
    throw new TypeError(`output ${name} is ${tensor?.type ?? 'missing'}, which may not cross the API`);
  }
  return { name, dtype, shape: tensor.dims, data: bytesOf(tensor.data) };
}
