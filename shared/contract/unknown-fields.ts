import { type TSchema, Type } from '../schema.js';

/** How many fields a value has that a schema does not know; the value fits the schema. */
export type UnknownFieldCounter = (value: unknown) => number;

/**
 * Prepares the counting of unknown fields, at any depth: what a reader of telemetry ignores, it counts [W-3]. An unknown
 * field counts once, whatever is in it; of a union's members the one that knows most of the value is meant. Prepare once:
 * counting is on the path of every message.
 */
export function unknownFieldCounter(schema: TSchema): UnknownFieldCounter {
  if (Type.IsUnknown(schema)) return () => 0;
  if (Type.IsUnion(schema)) return ofUnion(schema.anyOf.map(unknownFieldCounter));
  if (Type.IsArray(schema)) return ofArray(unknownFieldCounter(schema.items));
  if (Type.IsObject(schema)) {
    const fields = new Map(Object.entries(schema.properties).map(([name, each]) => [name, unknownFieldCounter(each)]));
    return ofFields((name) => fields.get(name));
  }
  if (Type.IsRecord(schema)) {
    const rows = Object.entries(schema.patternProperties).map(
      ([pattern, each]) => [new RegExp(pattern), unknownFieldCounter(each)] as const,
    );
    return ofFields((name) => rows.find(([pattern]) => pattern.test(name))?.[1]);
  }
  return ofLeaf;
}

/** Of a union's member of another kind, such as null for an object: never the one that is meant. */
const unlike = Number.POSITIVE_INFINITY;

function ofLeaf(value: unknown): number {
  return isObject(value) ? unlike : 0;
}

function ofUnion(members: readonly UnknownFieldCounter[]): UnknownFieldCounter {
  if (members.every((member) => member === ofLeaf)) return ofLeaf;
  return (value) => (isObject(value) ? Math.min(...members.map((member) => member(value))) : 0);
}

function ofArray(item: UnknownFieldCounter): UnknownFieldCounter {
  // Counts by the hundred: they fit the schema, so the first says what the others are.
  if (item === ofLeaf) return (value) => (Array.isArray(value) ? ofLeaf(value[0]) : ofLeaf(value));
  return (value) => {
    if (!Array.isArray(value)) return ofLeaf(value);
    let count = 0;
    for (const each of value) count += item(each);
    return count;
  };
}

function ofFields(counterOf: (name: string) => UnknownFieldCounter | undefined): UnknownFieldCounter {
  return (value) => {
    if (!isObject(value)) return 0;
    if (Array.isArray(value)) return unlike;
    let count = 0;
    for (const [name, each] of Object.entries(value)) {
      const counter = counterOf(name);
      if (counter === undefined) count++;
      else if (counter !== ofLeaf) count += counter(each);
    }
    return count;
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
