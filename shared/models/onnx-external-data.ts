import { fieldsOf, type ProtobufField } from './protobuf-wire.js';

/**
 * Where an ONNX file may hold tensors, by message (onnx.proto3, IR 3–13): a graph's initialisers, and the attributes of
 * nodes in graphs, in graphs inside attributes, in functions and in training graphs. Field number → what is there.
 */
const places = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  function: { 7: 'node', 11: 'attribute' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: {},
} as const satisfies Readonly<Record<string, Readonly<Record<number, string>>>>;
type Place = keyof typeof places;

/** TensorProto: `external_data`, `data_location` (1 is EXTERNAL), `name`. */
const externalData = 13;
const dataLocation = 14;
const nameField = 8;

/** Graphs inside graphs; real models have two or three. */
const maxDepth = 256;

/** A model that nests its graphs deeper than any real one: nobody knows what lies at its bottom. */
export class TooDeepError extends Error {}

/**
 * The name of the first tensor whose data lie outside the file, in whatever corner of the model; undefined when there is
 * none. Every occurrence of a field counts: protobuf merges messages that come twice. Throws WireError and TooDeepError.
 */
export function findExternalTensor(file: Uint8Array): string | undefined {
  return findIn(file, fieldsOf(file, 0, file.length), 'model', 0);
}

function findIn(file: Uint8Array, fields: readonly ProtobufField[], place: Place, depth: number): string | undefined {
  if (depth > maxDepth) throw new TooDeepError(`messages are nested more than ${maxDepth} deep`);
  if (place === 'tensor') return isExternal(fields) ? nameOf(file, fields) : undefined;
  const inside = new Map<number, Place>(Object.entries(places[place]).map(([number, what]) => [Number(number), what]));
  for (const field of fields) {
    const next = field.wire === 2 ? inside.get(field.number) : undefined;
    if (next === undefined) continue;
    const found = findIn(file, fieldsOf(file, field.start, field.end), next, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isExternal(fields: readonly ProtobufField[]): boolean {
  return fields.some(
    ({ number, wire, value }) =>
      (number === dataLocation && wire === 0 && value === 1n) || (number === externalData && wire === 2),
  );
}

function nameOf(file: Uint8Array, fields: readonly ProtobufField[]): string {
  const name = fields.find(({ number, wire }) => number === nameField && wire === 2);
  return name === undefined ? 'a tensor without a name' : new TextDecoder().decode(file.subarray(name.start, name.end));
}
