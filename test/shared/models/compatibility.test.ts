import { describe, expect, it } from 'vitest';
import { apiDifferences, graphDifferences } from '@bellwether/shared/models/compatibility';
import type { InputTensor, OutputTensor } from '@bellwether/shared/models/manifest';

const input = (overrides: Partial<InputTensor> = {}): InputTensor =>
  ({ name: 'x', dtype: 'FP32', shape: [-1, 4], role: 'app', ...overrides }) as InputTensor;
const output = (overrides: Partial<OutputTensor> = {}): OutputTensor => ({
  name: 'y',
  dtype: 'FP32',
  shape: [-1, 2],
  role: 'app',
  ...overrides,
});
const serving = { inputs: [input()], outputs: [output()] };

describe('a release that takes the place of another', () => {
  it('may differ in everything that is not the API', () => {
    const next = {
      inputs: [input(), input({ name: 'head', role: 'parameter', shape: [9, 9], value: 'h.bin' })],
      outputs: [output(), output({ name: 'features', role: 'features', shape: [-1, 64] })],
    };
    expect(apiDifferences(serving, next)).toEqual([]);
    expect(apiDifferences(next, serving)).toEqual([]);
  });

  it('may name its tensors in another order', () => {
    const two = { inputs: [input(), input({ name: 'z' })], outputs: [output()] };
    expect(apiDifferences(two, { ...two, inputs: [...two.inputs].reverse() })).toEqual([]);
  });

  it.each([
    [
      'another name',
      { inputs: [input({ name: 'image' })], outputs: [output()] },
      ['input x FP32[-1,4] is missing', 'input image FP32[-1,4] is new'],
    ],
    [
      'another dtype',
      { inputs: [input({ dtype: 'FP64' })], outputs: [output()] },
      ['input x is FP64[-1,4] instead of FP32[-1,4]'],
    ],
    [
      'another shape',
      { inputs: [input()], outputs: [output({ shape: [-1, 3] })] },
      ['output y is FP32[-1,3] instead of FP32[-1,2]'],
    ],
    [
      'a free dimension fixed',
      { inputs: [input({ shape: [1, 4] })], outputs: [output()] },
      ['input x is FP32[1,4] instead of FP32[-1,4]'],
    ],
    [
      'one input more',
      { inputs: [input(), input({ name: 'sr' })], outputs: [output()] },
      ['input sr FP32[-1,4] is new'],
    ],
    ['one output less', { inputs: [input()], outputs: [] }, ['output y FP32[-1,2] is missing']],
  ])('is refused with %s', (_name, next, differences) => {
    expect(apiDifferences(serving, next)).toEqual(differences);
  });
});

describe('a graph and its manifest', () => {
  const manifest = { inputs: [input({ shape: [1, 4] })], outputs: [output()] };
  const graph = {
    inputs: [{ name: 'x', dtype: 'FP32', shape: [1, 4] }],
    outputs: [{ name: 'y', dtype: 'FP32', shape: [-1, 2] }],
  };

  it('agree', () => {
    expect(graphDifferences(graph, manifest)).toEqual([]);
  });

  it('agree where the graph leaves open what the manifest fixes, or says nothing of shapes', () => {
    expect(graphDifferences({ ...graph, inputs: [{ name: 'x', dtype: 'FP32', shape: [-1, -1] }] }, manifest)).toEqual(
      [],
    );
    expect(graphDifferences({ ...graph, inputs: [{ name: 'x', dtype: 'FP32', shape: undefined }] }, manifest)).toEqual(
      [],
    );
  });

  it.each([
    ['contradicts a size', { name: 'x', dtype: 'FP32', shape: [1, 5] }],
    ['fixes what the manifest leaves open', { name: 'y', dtype: 'FP32', shape: [8, 2] }],
    ['has another rank', { name: 'x', dtype: 'FP32', shape: [1, 4, 1] }],
    ['has another dtype', { name: 'x', dtype: 'onnx:22', shape: [1, 4] }],
  ])('differ when the graph %s', (_name, tensor) => {
    const changed = {
      inputs: graph.inputs.map((t) => (t.name === tensor.name ? tensor : t)),
      outputs: graph.outputs.map((t) => (t.name === tensor.name ? tensor : t)),
    };
    expect(graphDifferences(changed, manifest)).toHaveLength(1);
  });

  it('differ when the graph has a tensor more or less', () => {
    expect(graphDifferences({ ...graph, outputs: [] }, manifest)).toEqual(['output y FP32[-1,2] is missing']);
    const more = { ...graph, inputs: [...graph.inputs, { name: 'sr', dtype: 'INT64', shape: [] }] };
    expect(graphDifferences(more, manifest)).toEqual(['input sr INT64[] is new']);
  });
});
