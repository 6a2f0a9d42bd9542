import type { InputTensor, Manifest, OutputTensor } from './manifest.js';

/** A feature output with more elements in a row stays in the runner: sending it would cost more than it tells. */
const maxRowElements = 1024;

/** Tensors of a release whose values devices see and count: app inputs, and small `features` outputs where it has a reference. */
export function watchedTensors({
  inputs,
  outputs,
  reference,
}: Pick<Manifest, 'inputs' | 'outputs' | 'reference'>): readonly (InputTensor | OutputTensor)[] {
  if (reference === undefined) return [];
  return [...inputs.filter(({ role }) => role === 'app'), ...outputs.filter(isSmallFeature)];
}

function isSmallFeature({ role, shape }: OutputTensor): boolean {
  const row = shape[0] === -1 ? shape.slice(1) : shape;
  return role === 'features' && !row.includes(-1) && row.reduce((product, size) => product * size, 1) <= maxRowElements;
}
