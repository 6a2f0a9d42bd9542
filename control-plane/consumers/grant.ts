import { Labels } from '@bellwether/shared/contract/http-api';
import { type Static, Type } from '@bellwether/shared/schema';

/** What a consumer may be allowed to read: what devices say, and `fleet`, what the server says of all of them [W-2]. Orders are between the server and one device. */
export const ReadableKind = Type.Union([
  Type.Literal('report'),
  Type.Literal('presence'),
  Type.Literal('window'),
  Type.Literal('event'),
  Type.Literal('fleet'),
]);
export type ReadableKind = Static<typeof ReadableKind>;

/**
 * Which messages of which devices: these kinds, of devices that carry all these labels (none: of every device). `fleet` is of
 * the whole fleet and names its devices: a grant with labels cannot have it.
 */
export const Grant = Type.Object(
  { kinds: Type.Array(ReadableKind, { minItems: 1, maxItems: 5, uniqueItems: true }), labels: Labels },
  { additionalProperties: false },
);
export type Grant = Static<typeof Grant>;

/** True when the grant names this kind and every label that it asks for is the device's. A device that nobody knows has no labels to match. */
export function isGranted(grant: Grant, what: string, labels: Labels | undefined): boolean {
  if (labels === undefined || !grant.kinds.some((kind) => kind === what)) return false;
  return Object.entries(grant.labels).every(([key, value]) => labels[key] === value);
}

/** True when the grant names this kind for the whole fleet. */
export function isFleetWide(grant: Grant, what: string): boolean {
  return Object.keys(grant.labels).length === 0 && grant.kinds.some((kind) => kind === what);
}
