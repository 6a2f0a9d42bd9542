import { describe, expect, it } from 'vitest';
import {
  bytesPerElement,
  dataTypes,
  decodeManifest,
  type Manifest,
  manifestProblem,
  namedFiles,
  releaseOf,
} from '@bellwether/shared/models/manifest';
import { checkReleaseSource, manifestOf } from '@bellwether/shared/models/release-source';
import { readVector } from '../../support/vectors.js';

const golden = readVector<Manifest>('contract/manifest');
const files = Object.keys(golden.files);
const decode = (manifest: unknown) => decodeManifest(Buffer.from(JSON.stringify(manifest)));
const [app, parameter, state] = golden.inputs;
const [output, features, stateOut] = golden.outputs;

/** The golden manifest's app output, read as logits of two classes. */
const logits = (change: object, shape = [1, 2]) => ({
  outputs: [{ ...output, shape }, features, stateOut],
  interpretation: { output: 'output', kind: 'logits', axis: -1, labels: ['a', 'b'], ...change },
});

/** What a schema cannot say, one fault each. */
const faults: readonly (readonly [string, object, RegExp])[] = [
  ['a file that is not listed', { graph: 'other.onnx' }, /names the file other\.onnx, which is not among/],
  ['a parameter whose value is not listed', { inputs: [app, { ...parameter, value: 'gone.bin' }] }, /gone\.bin/],
  ['two inputs of one name', { inputs: [app, app, state] }, /two tensors named input/],
  ['two outputs of one name', { outputs: [output, output, stateOut] }, /two tensors named output/],
  ['a state from nowhere', { inputs: [app, { ...state, from: 'gone' }] }, /comes from gone, which is no state output/],
  [
    'a state from an app output',
    { inputs: [app, { ...state, from: 'output' }] },
    /comes from output, which is no state/,
  ],
  ['a state of another dtype', { inputs: [app, { ...state, dtype: 'INT64' }] }, /is INT64 but stateN is FP32/],
  ['a state of another shape', { outputs: [output, features, { ...stateOut, shape: [9] }] }, /but stateN is \[9\]/],
  ['a state of free shape', { inputs: [app, { ...state, shape: [-1, 2] }] }, /state input state needs a fixed shape/],
  ['a parameter of free shape', { inputs: [app, { ...parameter, shape: [-1] }] }, /parameter input weight needs/],
  ['no app input', { inputs: [parameter] }, /has no app input/],
  ['no app output', { outputs: [features, stateOut], interpretation: undefined }, /has no app output/],
  [
    'an interpretation of features',
    { interpretation: { ...golden.interpretation, output: 'features' } },
    /interprets features/,
  ],
  ['an axis that is not there', logits({ axis: 7 }), /interprets axis 7 of output/],
  ['a free number of classes', logits({ axis: 0 }, [-1, 2]), /has no fixed 1 to 1000 classes/],
  ['fewer labels than classes', logits({ labels: ['a', 'b'] }, [1, 3]), /names 2 labels for the 3 classes of output/],
  [
    'more labels than a binary answer has',
    logits({ kind: 'binary', labels: ['a', 'b', 'c'] }, [1, 1]),
    /3 labels for the 2/,
  ],
  ['more classes than a window counts', logits({ labels: [] }, [1, 1001]), /has no fixed 1 to 1000 classes/],
  ['an adjustable app input', { adjustable: { tensors: [{ input: 'input' }] } }, /lets input be adjusted/],
];

describe('the manifest', () => {
  it('is itself of no fault', () => {
    expect(manifestProblem(golden, files)).toBeUndefined();
    expect(releaseOf(golden)).toBe('vad@1.0.0-rc.1');
    expect(namedFiles(golden)).toEqual(['model.onnx', 'golden.json', 'benchmark.json', 'reference.json', 'weight.bin']);
  });

  it.each(faults)('is refused with %s', (_name, change, why) => {
    expect(() => decode({ ...golden, ...change })).toThrow(why);
    expect(() => decode({ ...golden, ...change })).toThrow(expect.objectContaining({ code: 'schema' }));
  });

  it.each<[string, object]>([
    ['a path as a file name', { graph: '../model.onnx' }],
    ['a hidden file', { graph: '.model' }],
    ['a dtype that is not allowed', { inputs: [{ ...app, dtype: 'FP16' }] }],
    ['a dtype in lower case', { inputs: [{ ...app, dtype: 'fp32' }] }],
    ['an unknown role', { inputs: [{ ...app, role: 'admin' }] }],
    ['a shape of -2', { inputs: [{ ...app, shape: [-2] }] }],
    ['a digest in upper case', { files: { 'model.onnx': { bytes: 1, sha256: 'A'.repeat(64) } } }],
    ['a negative size', { files: { 'model.onnx': { bytes: -1, sha256: 'a'.repeat(64) } } }],
    ['a budget of nothing', { budgets: { memoryMb: 0, p99Ms: 5 } }],
    ['another schema', { schema: 'bellwether.manifest.v2' }],
  ])('is refused with %s', (_name, change) => {
    expect(() => decode({ ...golden, ...change })).toThrow(expect.objectContaining({ name: 'DecodeError' }));
  });

  it('takes every data type of the allow-list, and knows its size', () => {
    for (const dtype of dataTypes)
      expect(() => decode({ ...golden, inputs: [{ ...app, dtype }, parameter, state] })).not.toThrow();
    expect(dataTypes.map(bytesPerElement)).toEqual([1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8]);
  });
});

describe('the release source', () => {
  const { schema: _schema, files: _files, ...source } = golden;

  it('becomes the manifest with sizes and digests', () => {
    expect(manifestOf(checkReleaseSource(source), golden.files)).toEqual(golden);
  });

  it('may not hold a field that is not known: a typing error must not be signed', () => {
    expect(() => checkReleaseSource({ ...source, budget: {} })).toThrow('release.yaml: unknown field budget');
  });

  it('is held against the same faults', () => {
    expect(() => checkReleaseSource({ ...source, inputs: [parameter] })).toThrow(/vad@1\.0\.0-rc\.1 has no app input/);
  });
});
