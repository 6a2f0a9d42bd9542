import type { Manifest, ReleaseSource } from './manifest.js';
import type { GraphTensor } from './onnx-tensors.js';

type Described = Pick<Manifest | ReleaseSource, 'inputs' | 'outputs'>;

/** Why `next` cannot take the place of `serving`, a sentence each; empty when it can. Only app tensors are the API: equal in name, dtype and shape. */
export function apiDifferences(serving: Described, next: Described): string[] {
  return [
    ...tensorDifferences('input', appTensors(serving.inputs), appTensors(next.inputs)),
    ...tensorDifferences('output', appTensors(serving.outputs), appTensors(next.outputs)),
  ];
}

/** Where a graph is not what its manifest says, a sentence each: every input and output, names, dtypes and shapes. */
export function graphDifferences(
  graph: { readonly inputs: readonly GraphTensor[]; readonly outputs: readonly GraphTensor[] },
  manifest: Described,
): string[] {
  return [
    ...tensorDifferences('input', texts(manifest.inputs), graphTexts(graph.inputs, manifest.inputs)),
    ...tensorDifferences('output', texts(manifest.outputs), graphTexts(graph.outputs, manifest.outputs)),
  ];
}

interface NamedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

function appTensors(tensors: readonly (NamedTensor & { readonly role: string })[]): Map<string, string> {
  return texts(tensors.filter((t) => t.role === 'app'));
}

function texts(tensors: readonly NamedTensor[]): Map<string, string> {
  return new Map(tensors.map((t) => [t.name, `${t.dtype}[${t.shape.join(',')}]`]));
}

/** A graph may leave open what its manifest fixes, and may lack shape information; it may not contradict it. */
function graphTexts(graph: readonly GraphTensor[], manifest: readonly NamedTensor[]): Map<string, string> {
  return new Map(
    graph.map((tensor) => {
      const said = manifest.find((t) => t.name === tensor.name);
      const shape = tensor.shape?.map((size, i) => (size === -1 ? (said?.shape[i] ?? -1) : size)) ?? said?.shape ?? [];
      return [tensor.name, `${tensor.dtype}[${shape.join(',')}]`];
    }),
  );
}

function tensorDifferences(what: string, want: Map<string, string>, got: Map<string, string>): string[] {
  const differences: string[] = [];
  for (const [name, text] of want) {
    const other = got.get(name);
    if (other === undefined) differences.push(`${what} ${name} ${text} is missing`);
    else if (other !== text) differences.push(`${what} ${name} is ${other} instead of ${text}`);
  }
  for (const [name, text] of got) if (!want.has(name)) differences.push(`${what} ${name} ${text} is new`);
  return differences;
}
