import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OpenInferenceError } from '@bellwether/agent/inference/open-inference-error';
import { type InferenceRequest, readInferenceRequest } from '@bellwether/agent/inference/open-inference-request';
import { writeInferenceResponse } from '@bellwether/agent/inference/open-inference-response';
import type { DataType, Manifest } from '@bellwether/shared/models/manifest';
import { bytesOf, valuesOf } from '@bellwether/shared/models/tensor-values';

type Model = Pick<Manifest, 'inputs' | 'outputs'>;

const model: Model = {
  inputs: [
    { name: 'x', dtype: 'FP32', shape: [-1, 2], role: 'app' },
    { name: 'w', dtype: 'FP32', shape: [2], role: 'parameter', value: 'w.bin' },
  ],
  outputs: [
    { name: 'y', dtype: 'FP32', shape: [-1, 2], role: 'app' },
    { name: 'z', dtype: 'INT64', shape: [-1], role: 'app' },
    { name: 'f', dtype: 'FP32', shape: [-1, 2], role: 'features' },
  ],
};
const x = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };

function read(request: unknown, binary: Uint8Array = new Uint8Array(), of: Model = model): InferenceRequest {
  const json = Buffer.from(typeof request === 'string' ? request : JSON.stringify(request));
  return readInferenceRequest(Buffer.concat([json, binary]), binary.length > 0 ? json.length : undefined, of);
}

function refusal(request: unknown, binary?: Uint8Array): { code: string; message: string } {
  try {
    read(request, binary);
  } catch (thrown) {
    if (thrown instanceof OpenInferenceError) return { code: thrown.code, message: thrown.message };
    throw thrown;
  }
  throw new Error('it was not refused');
}

function modelOf(dtype: DataType): Model {
  return { ...model, inputs: [{ name: 'x', dtype, shape: [-1], role: 'app' }] };
}

function oneInput(dtype: DataType, data: unknown[]): unknown {
  return { inputs: [{ name: 'x', datatype: dtype, shape: [data.length], data }] };
}

describe('an inference request', () => {
  it('gives its tensors as bytes, flat or nested', () => {
    const flat = read({ inputs: [{ ...x, shape: [2, 2], data: [1, 2, 3, 4] }] });
    const nested = read({
      inputs: [
        {
          ...x,
          shape: [2, 2],
          data: [
            [1, 2],
            [3, 4],
          ],
        },
      ],
    });
    expect(flat.inputs).toEqual(nested.inputs);
    expect(valuesOf({ dtype: 'FP32', data: flat.inputs[0]?.data ?? new Uint8Array() })).toEqual(
      Float32Array.of(1, 2, 3, 4),
    );
  });

  it('means the same in binary as in JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) => {
        // JSON.stringify writes -0 as 0; that is the app's loss and not ours.
        const floats = Float32Array.from(values, (value) => value + 0);
        const input = { name: 'x', datatype: 'FP32', shape: [values.length] };
        const json = read({ inputs: [{ ...input, data: [...floats] }] }, undefined, modelOf('FP32'));
        const parameters = { binary_data_size: floats.byteLength };
        const binary = read({ inputs: [{ ...input, parameters }] }, bytesOf(floats), modelOf('FP32'));
        const bytes = ({ inputs }: InferenceRequest) => inputs.map(({ data }) => [...data]);
        expect(bytes(binary)).toEqual(bytes(json));
      }),
    );
  });

  it('carries id, assignment key and reset', () => {
    const request = read({ id: 'a', parameters: { assignment_key: 'k', reset: true, priority: 3 }, inputs: [x] });
    expect(request).toMatchObject({ id: 'a', assignmentKey: 'k', reset: true });
    expect(read({ inputs: [x] })).toMatchObject({ id: undefined, assignmentKey: undefined, reset: false });
  });

  it('wants every app output unless it names some, in JSON unless it says binary', () => {
    const wanted = (request: object) => read({ inputs: [x], ...request }).outputs;
    expect(wanted({})).toEqual([
      { name: 'y', isBinary: false },
      { name: 'z', isBinary: false },
    ]);
    expect(wanted({ parameters: { binary_data_output: true } }).every((output) => output.isBinary)).toBe(true);
    expect(wanted({ outputs: [{ name: 'z', parameters: { binary_data: true } }, { name: 'y' }] })).toEqual([
      { name: 'z', isBinary: true },
      { name: 'y', isBinary: false },
    ]);
  });

  it.each<[string, string, unknown]>([
    ['malformed', 'is no JSON', 'nonsense'],
    ['malformed', 'is no JSON', '{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[NaN,1]}]}'],
    ['schema', 'unknown field extra', { inputs: [x], extra: 1 }],
    ['schema', 'inputs', { inputs: [] }],
    ['schema', 'shape', { inputs: [{ ...x, shape: [1.5, 2] }] }],
    ['schema', 'shape', { inputs: [{ ...x, shape: [0, 2], data: [] }] }],
    ['schema', 'assignment_key', { inputs: [x], parameters: { assignment_key: 1 } }],
    ['schema', '1 to 256 characters', { inputs: [x], parameters: { assignment_key: 'k'.repeat(257) } }],
    ['schema', '1 to 256 characters', { inputs: [x], parameters: { assignment_key: '' } }],
    ['schema', 'reset is neither true nor false', { inputs: [x], parameters: { reset: 'true' } }],
    ['unknown-input', 'no input q; its inputs are x', { inputs: [{ ...x, name: 'q' }] }],
    ['unknown-input', 'no input w', { inputs: [x, { ...x, name: 'w' }] }],
    ['duplicate-input', 'x is there twice', { inputs: [x, x] }],
    ['wrong-dtype', 'x is FP64 instead of FP32', { inputs: [{ ...x, datatype: 'FP64' }] }],
    ['wrong-dtype', 'x is BYTES instead of FP32', { inputs: [{ ...x, datatype: 'BYTES' }] }],
    ['wrong-shape', 'x is FP32[1,3] instead of FP32[-1,2]', { inputs: [{ ...x, shape: [1, 3], data: [1, 2, 3] }] }],
    ['wrong-shape', 'x is FP32[2] instead of FP32[-1,2]', { inputs: [{ ...x, shape: [2] }] }],
    ['wrong-data', '1 values, its shape has 2', { inputs: [{ ...x, data: [1] }] }],
    ['wrong-data', 'value 1 is no number', { inputs: [{ ...x, data: [1, '2'] }] }],
    ['wrong-data', 'value 0 is no number', { inputs: [{ ...x, data: [null, 2] }] }],
    ['wrong-data', 'value 1 is out of range', { inputs: [{ ...x, data: [1, 1e39] }] }],
    ['wrong-data', 'no array', { inputs: [{ ...x, data: undefined }] }],
    ['unknown-output', 'no output f; its outputs are y, z', { inputs: [x], outputs: [{ name: 'f' }] }],
    ['unsupported', 'shared_memory_region', { inputs: [{ ...x, parameters: { shared_memory_region: 'r' } }] }],
    ['unsupported', 'classification', { inputs: [x], outputs: [{ name: 'y', parameters: { classification: 3 } }] }],
  ])('is refused as %s: %s', (code, message, request) => {
    const refused = refusal(request);
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(message);
  });

  it('is refused when an input is missing', () => {
    const two: Model = { ...model, inputs: [...model.inputs, { name: 'v', dtype: 'FP32', shape: [1], role: 'app' }] };
    expect(() => read({ inputs: [x] }, undefined, two)).toThrow('input v is missing');
  });

  it.each<[string, object, number]>([
    ['a size that is not its shape', { binary_data_size: 4 }, 4],
    ['a size that is no number', { binary_data_size: '8' }, 8],
    ['fewer bytes than it names', { binary_data_size: 8 }, 4],
    ['more bytes than it names', { binary_data_size: 8 }, 12],
  ])('is refused with %s', (_what, parameters, bytes) => {
    const { data: _, ...input } = x;
    expect(refusal({ inputs: [{ ...input, parameters }] }, new Uint8Array(bytes)).code).toBe('wrong-data');
  });

  it('is refused when it has its data twice, or a header longer than the body', () => {
    expect(refusal({ inputs: [{ ...x, parameters: { binary_data_size: 8 } }] }, new Uint8Array(8)).code).toBe(
      'wrong-data',
    );
    expect(() => readInferenceRequest(Buffer.from('{}'), 3, model)).toThrow('is 3, the body has 2 bytes');
  });

  it.each<[DataType, number[], number]>([
    ['UINT8', [0, 255], 256],
    ['INT8', [-128, 127], 128],
    ['UINT16', [0, 65_535], 65_536],
    ['INT16', [-32_768, 32_767], -32_769],
    ['UINT32', [0, 4_294_967_295], -1],
    ['INT32', [-2_147_483_648, 2_147_483_647], 2_147_483_648],
    ['UINT64', [0, Number.MAX_SAFE_INTEGER], -1],
    ['INT64', [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER], 2 ** 53],
  ])('takes %s in its range %j only', (dtype, good, bad) => {
    const { inputs } = read(oneInput(dtype, good), undefined, modelOf(dtype));
    const got = valuesOf({ dtype, data: inputs[0]?.data ?? new Uint8Array() });
    expect(Array.from(got, Number)).toEqual(good);
    expect(() => read(oneInput(dtype, [bad]), undefined, modelOf(dtype))).toThrow('is not between');
    expect(() => read(oneInput(dtype, [0.5]), undefined, modelOf(dtype))).toThrow('is no integer');
  });

  it('takes only 0 and 1 for BOOL in binary: native code was promised nothing else', () => {
    const input = { name: 'x', datatype: 'BOOL', shape: [2], parameters: { binary_data_size: 2 } };
    expect(() => read({ inputs: [input] }, Uint8Array.of(0, 1), modelOf('BOOL'))).not.toThrow();
    expect(() => read({ inputs: [input] }, Uint8Array.of(1, 2), modelOf('BOOL'))).toThrow('may be 0 or 1');
  });

  it('takes true and false for BOOL, and nothing else', () => {
    const { inputs } = read(oneInput('BOOL', [true, false]), undefined, modelOf('BOOL'));
    expect([...(inputs[0]?.data ?? [])]).toEqual([1, 0]);
    expect(() => read(oneInput('BOOL', [1]), undefined, modelOf('BOOL'))).toThrow('neither true nor false');
  });
});

describe('an inference response', () => {
  const origin = { model: 'm', version: '1.0.0', arm: 'stable', release: 'm@1.0.0', lineageId: '0123456789abcdef' };
  const outputs = [
    { name: 'y', dtype: 'FP32' as const, shape: [1, 2], data: bytesOf(Float32Array.of(0.5, -1)) },
    { name: 'z', dtype: 'INT64' as const, shape: [1], data: bytesOf(BigInt64Array.of(2n ** 60n)) },
  ];

  it('is JSON with what answered in its parameters', () => {
    const wanted = [{ name: 'y', isBinary: false }];
    const { buffers, jsonBytes } = writeInferenceResponse({ id: 'a "b"', outputs: wanted }, outputs, origin);
    expect(jsonBytes).toBeUndefined();
    expect(JSON.parse(Buffer.concat(buffers).toString())).toEqual({
      model_name: 'm',
      model_version: '1.0.0',
      id: 'a "b"',
      parameters: { arm: 'stable', release: 'm@1.0.0', lineage_id: '0123456789abcdef' },
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 2], data: [0.5, -1] }],
    });
  });

  it('has the outputs that are wanted, in that order, binary ones behind the JSON', () => {
    const wanted = [
      { name: 'z', isBinary: true },
      { name: 'y', isBinary: false },
    ];
    const { buffers, jsonBytes = 0 } = writeInferenceResponse({ id: undefined, outputs: wanted }, outputs, origin);
    const body = Buffer.concat(buffers);
    const { outputs: got } = JSON.parse(body.toString('utf8', 0, jsonBytes)) as { outputs: unknown[] };
    expect(got).toEqual([
      { name: 'z', datatype: 'INT64', shape: [1], parameters: { binary_data_size: 8 } },
      { name: 'y', datatype: 'FP32', shape: [1, 2], data: [0.5, -1] },
    ]);
    expect(body.readBigInt64LE(jsonBytes)).toBe(2n ** 60n);
  });

  it('writes 64-bit integers exactly, BOOL as true and false, and what JSON cannot say as null', () => {
    const special = [
      { name: 'n', dtype: 'FP32' as const, shape: [3], data: bytesOf(Float32Array.of(1, Number.NaN, Infinity)) },
      { name: 'b', dtype: 'BOOL' as const, shape: [2], data: Uint8Array.of(1, 0) },
      ...outputs,
    ];
    const wanted = ['z', 'n', 'b'].map((name) => ({ name, isBinary: false }));
    const text = String(writeInferenceResponse({ id: undefined, outputs: wanted }, special, origin).buffers[0]);
    expect(text).toContain('"data":[1152921504606846976]');
    expect(text).toContain('"data":[1,null,null]');
    expect(text).toContain('"data":[true,false]');
  });
});
