import { type TSchema, Type } from '../schema.js';

/**
 * How many fields a value has that its schema does not know, at any depth: what a reader of telemetry ignores, it counts
 * [W-3]. The value fits the schema. An unknown field counts once, whatever is in it; of a union's members the one that
 * knows most of the value is meant.
 */
export function countUnknownFields(schema: TSchema, value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (Type.IsUnion(schema)) return Math.min(...schema.anyOf.map((member) => countUnknownFields(member, value)));
  if (Array.isArray(value)) {
    return Type.IsArray(schema) ? sum(value.map((each) => countUnknownFields(schema.items, each))) : unlike;
  }
  if (Type.IsObject(schema)) {
    const known = new Map(Object.entries(schema.properties));
    return sum(Object.entries(value).map(([name, each]) => countField(known.get(name), each)));
  }
  if (Type.IsRecord(schema)) {
    const rows = Object.entries(schema.patternProperties);
    const schemaOf = (name: string) => rows.find(([pattern]) => new RegExp(pattern).test(name))?.[1];
    return sum(Object.entries(value).map(([name, each]) => countField(schemaOf(name), each)));
  }
  return Type.IsUnknown(schema) ? 0 : unlike;
}

/** A union's member of another kind, such as null for an object: never the one that is meant. */
const unlike = Number.POSITIVE_INFINITY;

function countField(schema: TSchema | undefined, value: unknown): number {
  return schema === undefined ? 1 : countUnknownFields(schema, value);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
