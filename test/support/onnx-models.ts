import type { DataType, InputTensor, OutputTensor } from '@bellwether/shared/models/manifest';
import type { Graph, Initializer } from './onnx-writer.js';
import { rawBytes, writeModel } from './onnx-writer.js';

/** A model as bytes, with its tensors as a manifest would declare them. */
export interface ModelFixture {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly inputs: InputTensor[];
  readonly outputs: OutputTensor[];
}

/** `y = x`, [-1, width]. */
export function identityModel(width = 4): ModelFixture {
  const graph: Graph = {
    name: 'identity',
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
    inputs: [{ name: 'x', type: 'FP32', shape: [-1, width] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [-1, width] }],
  };
  return { bytes: writeModel(graph), inputs: [app('x', [-1, width])], outputs: [app('y', [-1, width])] };
}

/** A dense network with ReLU between its layers: `x` [-1, first size] to `y` [-1, last size]. The seed decides its weights. */
export function mlpModel(sizes: readonly number[], seed = 1): ModelFixture {
  const last = sizes.length - 1;
  const inputSize = sizes[0] ?? 1;
  const outputSize = sizes[last] ?? 1;
  const layers = sizes.slice(1).map((size, i) => ({ rows: sizes[i] ?? 1, size, from: layerName(i, last), i }));
  const graph: Graph = {
    name: 'mlp',
    nodes: layers.flatMap(({ from, i }) => {
      const sum = i + 1 === last ? 'y' : `s${i}`;
      const dense = { op: 'Gemm', inputs: [from, `w${i}`, `b${i}`], outputs: [sum] };
      return i + 1 === last ? [dense] : [dense, { op: 'Relu', inputs: [sum], outputs: [layerName(i + 1, last)] }];
    }),
    inputs: [{ name: 'x', type: 'FP32', shape: [-1, inputSize] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [-1, outputSize] }],
    initializers: layers.flatMap(({ rows, size, i }) => [
      weights(`w${i}`, [rows, size], seed * 1000 + i),
      { name: `b${i}`, type: 'FP32', shape: [size], data: rawBytes(new Float32Array(size)) },
    ]),
  };
  return { bytes: writeModel(graph), inputs: [app('x', [-1, inputSize])], outputs: [app('y', [-1, outputSize])] };
}

/**
 * A model of about `megabytes` MB that is quick to load: `y` [-1, 256] holds the rows of one table that `row` INT64 [-1]
 * asks for. A row that is not there is an engine error. The seed decides the bytes, and so the digest.
 */
export function largeModel(megabytes: number, seed = 1): ModelFixture {
  const rows = Math.max(1, Math.round((megabytes * 1_000_000) / 1024));
  const graph: Graph = {
    name: 'large',
    nodes: [{ op: 'Gather', inputs: ['table', 'row'], outputs: ['y'], attributes: { axis: 0 } }],
    inputs: [{ name: 'row', type: 'INT64', shape: [-1] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [-1, 256] }],
    initializers: [weights('table', [rows, 256], seed)],
  };
  return { bytes: writeModel(graph), inputs: [app('row', [-1], 'INT64')], outputs: [app('y', [-1, 256])] };
}

/** Layers of `slowModel` that one core of the 2-core x86 machine of FACTS.md computes in a millisecond. */
const slowLayersPerMs = 5;

/** About `ms` milliseconds on one thread: `x` [1, 256] to `y` [1, 256] through a chain of 256 × 256 products. */
export function slowModel(ms: number): ModelFixture {
  const layers = Math.max(1, Math.round(ms * slowLayersPerMs));
  const graph: Graph = {
    name: 'slow',
    nodes: [
      { op: 'Mul', inputs: ['x', 'w'], outputs: ['m0'] },
      ...Array.from({ length: layers }, (_, i) => ({ op: 'MatMul', inputs: [`m${i}`, 'w'], outputs: [`m${i + 1}`] })),
      { op: 'ReduceMean', inputs: [`m${layers}`, 'axes'], outputs: ['y'], attributes: { keepdims: 1 } },
    ],
    inputs: [{ name: 'x', type: 'FP32', shape: [1, 256] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [1, 256] }],
    initializers: [weights('w', [256, 256], 1), axes('axes', 0)],
  };
  return { bytes: writeModel(graph), inputs: [app('x', [1, 256])], outputs: [app('y', [1, 256])] };
}

/**
 * A valid model whose output `y` [4] is INT4 or UINT4: onnxruntime-node aborts the whole process when it runs. No
 * manifest can say so, because the dtype is not on the allow-list [T-6]; this one claims `claimed` instead.
 */
export function int4OutputModel(type: 'INT4' | 'UINT4' = 'INT4', claimed: DataType = 'INT8'): ModelFixture {
  const to = type === 'UINT4' ? 21 : 22;
  const graph: Graph = {
    name: 'int4',
    nodes: [{ op: 'Cast', inputs: ['x'], outputs: ['y'], attributes: { to } }],
    inputs: [{ name: 'x', type: 'FP32', shape: [4] }],
    outputs: [{ name: 'y', type, shape: [4] }],
  };
  return { bytes: writeModel(graph), inputs: [app('x', [4])], outputs: [app('y', [4], claimed)] };
}

/** Counts to `x` [1, 1] by ones and answers it: 3 is quick, 1e15 takes weeks. For deadlines. */
export function hangingModel(): ModelFixture {
  const body: Graph = {
    name: 'body',
    nodes: [
      { op: 'Identity', inputs: ['goOn'], outputs: ['goOnNext'] },
      { op: 'Add', inputs: ['sum', 'one'], outputs: ['sumNext'] },
    ],
    inputs: [
      { name: 'turn', type: 'INT64', shape: [] },
      { name: 'goOn', type: 'BOOL', shape: [] },
      { name: 'sum', type: 'FP32', shape: [1, 1] },
    ],
    outputs: [
      { name: 'goOnNext', type: 'BOOL', shape: [] },
      { name: 'sumNext', type: 'FP32', shape: [1, 1] },
    ],
  };
  const graph: Graph = {
    name: 'hanging',
    nodes: [
      { op: 'Cast', inputs: ['x'], outputs: ['whole'], attributes: { to: 7 } },
      { op: 'Squeeze', inputs: ['whole'], outputs: ['turns'] },
      { op: 'Loop', inputs: ['turns', 'yes', 'zero'], outputs: ['y'], attributes: { body } },
    ],
    inputs: [{ name: 'x', type: 'FP32', shape: [1, 1] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [1, 1] }],
    initializers: [
      { name: 'yes', type: 'BOOL', shape: [], data: Uint8Array.of(1) },
      { name: 'zero', type: 'FP32', shape: [1, 1], data: rawBytes(Float32Array.of(0)) },
      { name: 'one', type: 'FP32', shape: [1, 1], data: rawBytes(Float32Array.of(1)) },
    ],
  };
  return { bytes: writeModel(graph), inputs: [app('x', [1, 1])], outputs: [app('y', [1, 1])] };
}

/** `y = log(x)`, [-1, 1]: NaN below zero, -Infinity at zero, finite above. */
export function nanModel(): ModelFixture {
  const graph: Graph = {
    name: 'logarithm',
    nodes: [{ op: 'Log', inputs: ['x'], outputs: ['y'] }],
    inputs: [{ name: 'x', type: 'FP32', shape: [-1, 1] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [-1, 1] }],
  };
  return { bytes: writeModel(graph), inputs: [app('x', [-1, 1])], outputs: [app('y', [-1, 1])] };
}

/** `y = sqrt(x)`, [-1, 4]: NaN below zero, and an engine error from 32 on, where a table has no such row. */
export function partialModel(): ModelFixture {
  const graph: Graph = {
    name: 'partial',
    nodes: [
      { op: 'Cast', inputs: ['x'], outputs: ['row'], attributes: { to: 7 } },
      { op: 'Gather', inputs: ['zeros', 'row'], outputs: ['zero'], attributes: { axis: 0 } },
      { op: 'Sqrt', inputs: ['x'], outputs: ['root'] },
      { op: 'Add', inputs: ['root', 'zero'], outputs: ['y'] },
    ],
    inputs: [{ name: 'x', type: 'FP32', shape: [-1, 4] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [-1, 4] }],
    initializers: [{ name: 'zeros', type: 'FP32', shape: [32], data: rawBytes(new Float32Array(32)) }],
  };
  return { bytes: writeModel(graph), inputs: [app('x', [-1, 4])], outputs: [app('y', [-1, 4])] };
}

/** As `externalDataModel`, but the weights hang in the body of a loop that is run once: no initialiser of the graph names them. */
export function hiddenExternalDataModel(location = 'offset.bin'): ModelFixture {
  const body: Graph = {
    name: 'body',
    nodes: [
      { op: 'Identity', inputs: ['goOn'], outputs: ['goOnNext'] },
      { op: 'Add', inputs: ['sum', 'offset'], outputs: ['sumNext'] },
    ],
    inputs: [
      { name: 'turn', type: 'INT64', shape: [] },
      { name: 'goOn', type: 'BOOL', shape: [] },
      { name: 'sum', type: 'FP32', shape: [-1, 4] },
    ],
    outputs: [
      { name: 'goOnNext', type: 'BOOL', shape: [] },
      { name: 'sumNext', type: 'FP32', shape: [-1, 4] },
    ],
    initializers: [{ name: 'offset', type: 'FP32', shape: [4], data: { location, length: 16 } }],
  };
  const graph: Graph = {
    name: 'hidden',
    nodes: [{ op: 'Loop', inputs: ['turns', 'yes', 'x'], outputs: ['y'], attributes: { body } }],
    inputs: [{ name: 'x', type: 'FP32', shape: [-1, 4] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [-1, 4] }],
    initializers: [
      { name: 'turns', type: 'INT64', shape: [], data: rawBytes(BigInt64Array.of(1n)) },
      { name: 'yes', type: 'BOOL', shape: [], data: Uint8Array.of(1) },
    ],
  };
  return { bytes: writeModel(graph), inputs: [app('x', [-1, 4])], outputs: [app('y', [-1, 4])] };
}

/** `y = x + offset`, [-1, 4], where the offset lies in the file `location` outside the model. */
export function externalDataModel(location = 'offset.bin'): ModelFixture {
  const graph: Graph = {
    name: 'external',
    nodes: [{ op: 'Add', inputs: ['x', 'offset'], outputs: ['y'] }],
    inputs: [{ name: 'x', type: 'FP32', shape: [-1, 4] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [-1, 4] }],
    initializers: [{ name: 'offset', type: 'FP32', shape: [4], data: { location, length: 16 } }],
  };
  return { bytes: writeModel(graph), inputs: [app('x', [-1, 4])], outputs: [app('y', [-1, 4])] };
}

/** As `externalDataModel`, with the constant in the attribute of a node; `inside`: in the body of a loop. */
export function externalAttributeModel(inside: boolean, location = 'offset.bin'): ModelFixture {
  const value: Initializer = { name: 'offset', type: 'FP32', shape: [4], data: { location, length: 16 } };
  const constant = { op: 'Constant', inputs: [], outputs: ['offset'], attributes: { value } };
  const body: Graph = {
    name: 'body',
    nodes: [constant, { op: 'Identity', inputs: ['goOn'], outputs: ['goOnNext'] }],
    inputs: [
      { name: 'turn', type: 'INT64', shape: [] },
      { name: 'goOn', type: 'BOOL', shape: [] },
    ],
    outputs: [{ name: 'goOnNext', type: 'BOOL', shape: [] }],
  };
  const loop = { op: 'Loop', inputs: ['', ''], outputs: [], attributes: { body } };
  const graph: Graph = {
    name: 'external',
    nodes: [inside ? loop : constant, { op: 'Identity', inputs: ['x'], outputs: ['y'] }],
    inputs: [{ name: 'x', type: 'FP32', shape: [-1, 4] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [-1, 4] }],
  };
  return { bytes: writeModel(graph), inputs: [app('x', [-1, 4])], outputs: [app('y', [-1, 4])] };
}

function app(name: string, shape: number[], dtype: DataType = 'FP32') {
  return { name, dtype, shape, role: 'app' as const };
}

function layerName(index: number, last: number): string {
  if (index === 0) return 'x';
  return index === last ? 'y' : `h${index}`;
}

function axes(name: string, axis: number): Initializer {
  return { name, type: 'INT64', shape: [1], data: rawBytes(BigInt64Array.of(BigInt(axis))) };
}

/**
 * Uniform weights of variance 1 / rows, at most ±0.5 (xorshift32): a chain of products neither grows nor vanishes.
 * They repeat after 65,536, so that 100 MB are quick to make.
 */
function weights(name: string, shape: readonly [number, number], seed: number): Initializer {
  const [rows, columns] = shape;
  const values = new Float32Array(rows * columns);
  const scale = Math.min(0.5, Math.sqrt(3 / rows)) * 2;
  let state = (seed * 0x9e3779b1) | 1;
  const fresh = Math.min(values.length, 65_536);
  for (let i = 0; i < fresh; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = (state / 4_294_967_296) * scale;
  }
  for (let done = fresh; done < values.length; done *= 2) values.copyWithin(done, 0, done);
  return { name, type: 'FP32', shape, data: rawBytes(values) };
}
