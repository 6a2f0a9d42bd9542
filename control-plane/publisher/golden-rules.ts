import type { GoldenVectors, TensorValue } from '@bellwether/shared/models/golden';
import { bytesPerElement, type ReleaseSource } from '@bellwether/shared/models/manifest';

type Tensor = ReleaseSource['inputs'][number] | ReleaseSource['outputs'][number];

/** What is wrong with golden vectors, held against the tensors that they are for; the first fault, or undefined. */
export function goldenProblem(
  golden: GoldenVectors,
  source: Pick<ReleaseSource, 'inputs' | 'outputs'>,
): string | undefined {
  const inputs = source.inputs.filter((input) => input.role !== 'parameter');
  for (const [i, vector] of golden.vectors.entries()) {
    const problem =
      sideProblem('input', vector.inputs, inputs) ?? sideProblem('output', vector.outputs, source.outputs);
    if (problem !== undefined) return `vector ${i + 1}: ${problem}`;
  }
  return undefined;
}

/** App tensors must be there, the others may; every value must fit its tensor. */
function sideProblem(
  side: 'input' | 'output',
  values: Readonly<Record<string, TensorValue>>,
  tensors: readonly Tensor[],
): string | undefined {
  const missing = tensors.find((tensor) => tensor.role === 'app' && values[tensor.name] === undefined);
  if (missing !== undefined) return `${side} ${missing.name} is missing`;
  for (const [name, value] of Object.entries(values)) {
    const tensor = tensors.find((each) => each.name === name);
    if (tensor === undefined) return `${side} ${name} is none of the release's`;
    const problem = valueProblem(value, tensor);
    if (problem !== undefined) return `${side} ${name} ${problem}`;
  }
  return undefined;
}

/** Why a value cannot be one of a tensor; undefined when it can. */
export function valueProblem(value: TensorValue, tensor: Pick<Tensor, 'dtype' | 'shape'>): string | undefined {
  if (value.dtype !== tensor.dtype) return `is ${value.dtype} instead of ${tensor.dtype}`;
  const shapeFault = shapeProblem(value.shape, tensor.shape);
  if (shapeFault !== undefined) return shapeFault;
  const bytes = Buffer.from(value.data, 'base64');
  if (bytes.toString('base64') !== value.data) return 'is not exact base64';
  const expected = value.shape.reduce((product, size) => product * size, bytesPerElement(value.dtype));
  return bytes.byteLength === expected ? undefined : `has ${bytes.byteLength} bytes instead of ${expected}`;
}

/** Why a shape does not fit a tensor's, whose -1 takes any size; undefined when it does. */
export function shapeProblem(shape: readonly number[], tensorShape: readonly number[]): string | undefined {
  const doesFit =
    shape.length === tensorShape.length && tensorShape.every((size, i) => size === -1 || size === shape[i]);
  return doesFit ? undefined : `has the shape [${shape.join(',')}], which does not fit [${tensorShape.join(',')}]`;
}
