import { Compile, type Static, Type } from '../schema.js';
import { decodeDocument } from './decode.js';

/** Retained on the presence topic: `online` after connecting, `offline` as the last will or on a clean stop. */
export const Presence = Type.Object({
  version: Type.Literal(1),
  state: Type.Union([Type.Literal('online'), Type.Literal('offline')]),
  runId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
});
export type Presence = Static<typeof Presence>;

const compiled = Compile(Presence);

/** Reads a presence message; throws DecodeError. */
export function decodePresence(bytes: Uint8Array): Presence {
  return decodeDocument(compiled, bytes, { what: 'presence', maxBytes: 1024 });
}
