import { describe, expect, it } from 'vitest';
import { goldenProblem } from '@bellwether/control-plane/publisher/golden-rules';
import type { ReleaseSource } from '@bellwether/shared/models/manifest';
import { floats, integers } from '../../support/release-folder.js';

const tensors: Pick<ReleaseSource, 'inputs' | 'outputs'> = {
  inputs: [
    { name: 'image', dtype: 'FP32', shape: [-1, 2], role: 'app' },
    { name: 'memory', dtype: 'FP32', shape: [1], role: 'state', from: 'next' },
    { name: 'weight', dtype: 'FP32', shape: [2], role: 'parameter', value: 'w.bin' },
  ],
  outputs: [
    { name: 'class', dtype: 'INT64', shape: [-1], role: 'app' },
    { name: 'next', dtype: 'FP32', shape: [1], role: 'state' },
  ],
};
const good = { inputs: { image: floats([1, 2], [1, 2]) }, outputs: { class: integers([1], [3n]) } };
const problemWith = (side: 'inputs' | 'outputs', values: Record<string, ReturnType<typeof floats>>) =>
  goldenProblem({ vectors: [good, { ...good, [side]: { ...good[side], ...values } }] }, tensors);

describe('golden vectors', () => {
  it('may have any number of rows, and state', () => {
    expect(goldenProblem({ vectors: [good] }, tensors)).toBeUndefined();
    expect(
      problemWith('inputs', { image: floats([3, 2], [1, 2, 3, 4, 5, 6]), memory: floats([1], [0]) }),
    ).toBeUndefined();
  });

  it('need every app tensor', () => {
    expect(goldenProblem({ vectors: [{ ...good, inputs: {} }] }, tensors)).toBe('vector 1: input image is missing');
    expect(goldenProblem({ vectors: [{ ...good, outputs: {} }] }, tensors)).toBe('vector 1: output class is missing');
  });

  it.each([
    ['inputs', { weight: floats([2], [1, 2]) }, "input weight is none of the release's"],
    ['outputs', { other: floats([1], [1]) }, "output other is none of the release's"],
    ['inputs', { image: integers([1, 2], [1n, 2n]) }, 'input image is INT64 instead of FP32'],
    ['inputs', { image: floats([2], [1, 2]) }, 'input image has the shape [2], which does not fit [-1,2]'],
    ['inputs', { image: floats([1, 3], [1, 2, 3]) }, 'input image has the shape [1,3], which does not fit [-1,2]'],
    ['inputs', { image: floats([2, 2], [1, 2]) }, 'input image has 8 bytes instead of 16'],
    ['inputs', { image: { ...floats([1, 2], [1, 2]), data: 'AAAA AAA' } }, 'input image is not exact base64'],
  ] as const)('must fit the tensors: %s %#', (side, values, problem) => {
    expect(problemWith(side, values)).toBe(`vector 2: ${problem}`);
  });
});
