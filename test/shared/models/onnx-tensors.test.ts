import { readFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OnnxError, readOnnxGraph } from '@bellwether/shared/models/onnx-tensors';
import { digitsFolder } from '../../support/digits.js';
import {
  externalAttributeModel,
  externalDataModel,
  identityModel,
  int4OutputModel,
  mlpModel,
} from '../../support/onnx-models.js';
import { writeModel } from '../../support/onnx-writer.js';
import { readSilero } from '../../support/silero.js';

const silero = await readSilero('5.0.0');
const digits = await readFile(new URL('1.1.0/model.onnx', digitsFolder));

function varint(value: number): number[] {
  return value > 127 ? [(value & 127) + 128, ...varint(value >> 7)] : [value];
}

/** A length-delimited protobuf field. */
function message(field: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
}

/** Anything but OnnxError would be a crash. */
function codeOf(bytes: Uint8Array): string {
  try {
    readOnnxGraph(bytes);
    return 'read';
  } catch (error) {
    if (error instanceof OnnxError) return error.code;
    throw error;
  }
}

describe('reading ONNX graphs', () => {
  it('finds the tensors of Silero VAD v5 and v6, which are the same', async () => {
    const v5 = readOnnxGraph(silero);
    const v6 = readOnnxGraph(await readSilero('6.0.0'));
    expect(v5.inputs.map(({ name, dtype }) => [name, dtype])).toEqual([
      ['input', 'FP32'],
      ['state', 'FP32'],
      ['sr', 'INT64'],
    ]);
    expect(v5.outputs.map((t) => t.name)).toEqual(['output', 'stateN']);
    expect(v6.inputs).toEqual(v5.inputs);
    expect(v6.outputs).toEqual(v5.outputs);
  });

  it('finds other tensors in v4', async () => {
    expect(readOnnxGraph(await readSilero('4.0.0')).inputs.map((t) => t.name)).toEqual(['input', 'sr', 'h', 'c']);
  });

  it('finds the required head of digits among its inputs', () => {
    const graph = readOnnxGraph(digits);
    expect(graph.inputs.map((t) => t.name)).toEqual(expect.arrayContaining(['image', 'head_weight', 'head_bias']));
    expect(graph.outputs.length).toBeGreaterThanOrEqual(2);
    expect(graph.outputs.every((t) => t.dtype === 'FP32' && t.shape?.[0] === -1)).toBe(true);
  });

  it('says where the bytes of a weight lie', () => {
    const { bytes } = mlpModel([4, 3, 2], 7);
    const graph = readOnnxGraph(bytes);
    expect(graph.initializers.map(({ name, shape, bytes: size }) => [name, shape, size])).toEqual([
      ['w0', [4, 3], 48],
      ['b0', [3], 12],
      ['w1', [3, 2], 24],
      ['b1', [2], 8],
    ]);
    const [weight, bias] = graph.initializers;
    const valuesOf = (offset = 0, count = 0) =>
      Array.from({ length: count }, (_, i) => Buffer.from(bytes).readFloatLE(offset + i * 4));
    expect(valuesOf(bias?.offset, 3)).toEqual([0, 0, 0]);
    expect(valuesOf(weight?.offset, 12).every((v) => Number.isFinite(v) && v !== 0 && Math.abs(v) <= 1)).toBe(true);
  });

  it('reads free dimensions and dtypes that are not on the allow-list', () => {
    expect(readOnnxGraph(identityModel(4).bytes).inputs).toEqual([{ name: 'x', dtype: 'FP32', shape: [-1, 4] }]);
    expect(readOnnxGraph(int4OutputModel().bytes).outputs).toEqual([{ name: 'y', dtype: 'onnx:22', shape: [4] }]);
  });

  it('refuses weights outside the file', () => {
    expect(codeOf(externalDataModel().bytes)).toBe('external-data');
  });

  it.each([
    ['says that they are', Uint8Array.of(14 * 8, 1)],
    ['says where they are', message(13, new Uint8Array())],
  ])('refuses weights outside the file when the tensor only %s', (_name, field) => {
    expect(codeOf(message(7, message(5, field)))).toBe('external-data');
  });

  it('leaves out inputs that are weights too: nobody can feed them', () => {
    const value = { name: 'w', type: 'FP32', shape: [2] } as const;
    const graph = { name: 'g', nodes: [], outputs: [], initializers: [{ ...value, data: new Uint8Array(8) }] };
    const bytes = writeModel({ ...graph, inputs: [{ name: 'x', type: 'FP32', shape: [2] }, value] });
    expect(readOnnxGraph(bytes).inputs.map((t) => t.name)).toEqual(['x']);
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['text', Buffer.from('this is not a model at all, it is a sentence')],
    ['zeros', new Uint8Array(100)],
    ['ones', new Uint8Array(100).fill(255)],
    ['HTML', Buffer.from('<!doctype html><html><body>404</body></html>')],
    ['a length beyond the end', Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f)],
    ['a length that never ends', new Uint8Array(64).fill(0xff).fill(0x3a, 0, 1)],
  ])('refuses %s', (_name, bytes) => {
    expect(codeOf(bytes)).toBe('not-onnx');
  });

  it('refuses every truncation, or finds less in it', () => {
    const { bytes } = mlpModel([4, 3, 2]);
    const whole = readOnnxGraph(bytes);
    for (let length = 0; length < bytes.length; length++) {
      const part = bytes.subarray(0, length);
      if (codeOf(part) === 'read')
        expect(readOnnxGraph(part).initializers.length).toBeLessThanOrEqual(whole.initializers.length);
    }
  });

  it('is not slowed down by a dimension that never ends', () => {
    // TensorProto.dims (1), packed: a million bytes of one varint.
    const dims = new Uint8Array(1_000_000).fill(0x80);
    expect(codeOf(message(7, message(5, message(1, dims))))).toBe('not-onnx');
  });

  it.each([
    ['digits', digits],
    ['Silero', silero],
    ['a small network', mlpModel([4, 3, 2]).bytes],
  ])('throws nothing but OnnxError on %s with flipped bytes', (_name, model) => {
    // The weights are most of the file and say nothing about its form: flip where the form is, too.
    const places = fc.oneof(
      fc.nat({ max: model.length - 1 }),
      fc.nat({ max: 400 }),
      fc.nat({ max: 2000 }).map((n) => model.length - 1 - n),
    );
    const flips = fc.array(fc.tuple(places, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(flips, (some) => {
        const damaged = Buffer.from(model);
        for (const [place, bits] of some) {
          const at = Math.min(model.length - 1, Math.max(0, place));
          damaged[at] = (damaged[at] ?? 0) ^ bits;
        }
        expect(['read', 'not-onnx', 'external-data']).toContain(codeOf(damaged));
      }),
      { numRuns: 150 },
    );
  });

  it.each([false, true])('refuses weights outside the file in the attribute of a node; in a subgraph: %s', (inside) => {
    expect(codeOf(externalAttributeModel(inside).bytes)).toBe('external-data');
  });

  it('refuses weights outside the file in functions, training graphs and sparse tensors', () => {
    const { bytes } = identityModel();
    const external = message(14 - 1, Uint8Array.of());
    const node = message(5, message(5, external));
    const nested = {
      function: message(25, message(7, node)),
      training: message(20, message(1, message(1, node))),
      sparse: message(20, message(2, message(15, message(1, external)))),
      list: message(25, message(11, message(10, external))),
    };
    const codes = Object.values(nested).map((part) => codeOf(Buffer.concat([bytes, part])));
    expect(codes).toEqual(Object.values(nested).map(() => 'external-data'));
  });

  it('refuses two graphs, which protobuf would merge into one that nobody has read', () => {
    expect(codeOf(Buffer.concat([identityModel().bytes, message(7, Uint8Array.of())]))).toBe('not-onnx');
  });

  it('refuses graphs that are nested without end', () => {
    let graph = new Uint8Array();
    for (let depth = 0; depth < 200; depth++) graph = Uint8Array.from(message(1, message(5, message(6, graph))));
    expect(codeOf(Buffer.concat([identityModel().bytes, message(20, message(1, graph))]))).toBe('not-onnx');
  });
});
