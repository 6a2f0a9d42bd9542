/**
 * Writes ONNX models as bytes: as much of the protobuf encoding and of onnx.proto (IR version 10) as test models need.
 * Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
 */

/** TensorProto.DataType. */
export const elementTypes = { FP32: 1, UINT8: 2, INT8: 3, INT64: 7, BOOL: 9, FP64: 11, UINT4: 21, INT4: 22 } as const;
export type ElementType = keyof typeof elementTypes;

/** A value of the graph that crosses its border; -1 is a free dimension, named `batch` in the file. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** A constant of the graph: raw little-endian bytes, or a reference to a file beside the model. */
export interface Initializer extends Value {
  readonly data: Uint8Array | { readonly location: string; readonly length: number };
}

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | readonly number[] | Graph | Initializer>>;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly initializers?: readonly Initializer[];
}

/** The bytes of a model with this graph. Attributes that are numbers are written as integers. */
export function writeModel(graph: Graph, opset = 21): Uint8Array<ArrayBuffer> {
  return join([
    integer(1, 10),
    text(2, 'bellwether-test'),
    message(7, graphProto(graph)),
    message(8, [text(1, ''), integer(2, opset)]),
  ]);
}

/** The bytes of a typed array, little-endian as on every machine that this runs on. */
export function rawBytes(values: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

type Part = Uint8Array;

function graphProto(graph: Graph): Part[] {
  return [
    ...graph.nodes.map((node) => message(1, nodeProto(node))),
    text(2, graph.name),
    ...(graph.initializers ?? []).map((tensor) => message(5, tensorProto(tensor))),
    ...graph.inputs.map((value) => message(11, valueInfo(value))),
    ...graph.outputs.map((value) => message(12, valueInfo(value))),
  ];
}

function nodeProto(node: Node): Part[] {
  return [
    ...node.inputs.map((name) => text(1, name)),
    ...node.outputs.map((name) => text(2, name)),
    text(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) => message(5, attributeProto(name, value))),
  ];
}

function attributeProto(name: string, value: number | readonly number[] | Graph | Initializer): Part[] {
  if (typeof value === 'number') return [text(1, name), integer(3, value), integer(20, 2)];
  if ('nodes' in value) return [text(1, name), message(6, graphProto(value)), integer(20, 5)];
  if ('data' in value) return [text(1, name), message(5, tensorProto(value)), integer(20, 4)];
  return [text(1, name), ...value.map((item) => integer(8, item)), integer(20, 7)];
}

function tensorProto({ name, type, shape, data }: Initializer): Part[] {
  const head = [...shape.map((size) => integer(1, size)), integer(2, elementTypes[type]), text(8, name)];
  if (data instanceof Uint8Array) return [...head, ...bytes(9, data)];
  const entries = { location: data.location, offset: '0', length: String(data.length) };
  const external = Object.entries(entries).map(([key, value]) => message(13, [text(1, key), text(2, value)]));
  return [...head, ...external, integer(14, 1)];
}

function valueInfo({ name, type, shape }: Value): Part[] {
  const dims = shape.map((size) => message(1, [size === -1 ? text(2, 'batch') : integer(1, size)]));
  const tensorType = [integer(1, elementTypes[type]), message(2, dims)];
  return [text(1, name), message(2, [message(1, tensorType)])];
}

function integer(field: number, value: number): Part {
  return join([varint(field * 8), varint(value)]);
}

function text(field: number, value: string): Part {
  return join(bytes(field, new TextEncoder().encode(value)));
}

function message(field: number, parts: readonly Part[]): Part {
  return join(bytes(field, join(parts)));
}

function bytes(field: number, value: Uint8Array): Part[] {
  return [varint(field * 8 + 2), varint(value.length), value];
}

function varint(value: number): Part {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    out.push(Number(rest & 127n) + 128);
    rest >>= 7n;
  }
  out.push(Number(rest));
  return Uint8Array.from(out);
}

function join(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
