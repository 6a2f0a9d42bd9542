import type * as Onnxruntime from 'onnxruntime-node';
import { graphDifferences } from '@bellwether/shared/models/compatibility';
import { dataTypes, type Manifest } from '@bellwether/shared/models/manifest';
import { readOnnxGraph } from '@bellwether/shared/models/onnx-tensors';
import { bytesOf, onnxTypes, type TypedBytes, valuesOf } from '@bellwether/shared/models/tensor-values';

type Onnx = typeof Onnxruntime;

/** A tensor with its name and values. */
export interface NamedTensor extends TypedBytes {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A release's graph with its parameters bound; answers with the named outputs. */
export interface TrialSession {
  run(inputs: readonly NamedTensor[], outputs: readonly string[]): Promise<readonly NamedTensor[]>;
}

/** Opens the graph as a runner would: what it declares must be what the manifest says. Throws an Error that says what is not. */
export async function openTrialSession(
  onnxruntime: Onnx,
  manifest: Manifest,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<TrialSession> {
  const bytes = files.get(manifest.graph) ?? new Uint8Array();
  const graph = readOnnxGraph(bytes);
  const allowed: readonly string[] = dataTypes;
  // int4 outputs abort the process when they are run.
  const foreign = [...graph.inputs, ...graph.outputs].find((tensor) => !allowed.includes(tensor.dtype));
  if (foreign !== undefined) throw new Error(`the graph's ${foreign.name} is ${foreign.dtype}`);
  const [difference] = graphDifferences(graph, manifest);
  if (difference !== undefined) throw new Error(`the graph is not what its manifest says: ${difference}`);
  const { runtime } = manifest;
  const session = await onnxruntime.InferenceSession.create(bytes, {
    intraOpNumThreads: runtime.intraOpThreads,
    graphOptimizationLevel: runtime.graphOptimization,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const make = (tensor: NamedTensor) =>
    new onnxruntime.Tensor(onnxTypes[tensor.dtype], valuesOf(tensor), [...tensor.shape]);
  const bound = Object.fromEntries(parametersOf(manifest, files).map((tensor) => [tensor.name, make(tensor)]));
  return {
    run: async (inputs, outputs) => {
      const fed = Object.fromEntries(inputs.map((tensor) => [tensor.name, make(tensor)]));
      const results = await session.run({ ...bound, ...fed }, outputs);
      return outputs.map((name) => readOutput(name, results[name]));
    },
  };
}

function parametersOf(manifest: Manifest, files: ReadonlyMap<string, Uint8Array>): NamedTensor[] {
  return manifest.inputs.flatMap(({ name, dtype, shape, ...input }) =>
    input.role === 'parameter' ? [{ name, dtype, shape, data: files.get(input.value) ?? new Uint8Array() }] : [],
  );
}

function readOutput(name: string, tensor: Onnxruntime.Tensor | undefined): NamedTensor {
  const dtype = dataTypes.find((each) => onnxTypes[each] === tensor?.type);
  if (tensor === undefined || dtype === undefined || !ArrayBuffer.isView(tensor.data)) {
    throw new Error(`output ${name} is ${tensor?.type ?? 'missing'}`);
  }
  return { name, dtype, shape: tensor.dims, data: bytesOf(tensor.data) };
}
