import { deviceIdPattern, hex64Pattern, modelNamePattern, versionPattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { decodeDocument } from './decode.js';

/** Largest order envelope, in bytes. */
export const maxOrderBytes = 64 * 1024;

/** The settings that an order may change, and nothing else; each with its bound on the device [T-5]. */
export const OrderSettings = Type.Object(
  {
    windowSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 })),
    governorCpuPct: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    logLevel: Type.Optional(
      Type.Union([Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')]),
    ),
  },
  { additionalProperties: false },
);
export type OrderSettings = Static<typeof OrderSettings>;

/** A release as an order names it: its version, and the digest of its manifest, so that both sides mean the same bytes. */
export const OrderedRelease = Type.Object({
  version: Type.String({ pattern: versionPattern }),
  manifest: Type.String({ pattern: hex64Pattern }),
});
export type OrderedRelease = Static<typeof OrderedRelease>;

/**
 * The signed desired state of one device [T-5]. (epoch, generation) only grows. A model that is absent stops; a device
 * without any model needs `empty: true`, so that a bug in the server cannot switch a fleet off. `issuedAtMs` is for people.
 */
export const Order = Type.Object({
  schema: Type.Literal('bellwether.order.v1'),
  device: Type.Object({
    id: Type.String({ pattern: deviceIdPattern }),
    fingerprint: Type.String({ pattern: hex64Pattern }),
  }),
  epoch: Type.Integer({ minimum: 1, maximum: 2 ** 31 }),
  generation: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  issuedAtMs: Type.Integer({ minimum: 0 }),
  models: Type.Record(Type.String({ pattern: modelNamePattern }), Type.Object({ stable: OrderedRelease }), {
    maxProperties: 64,
    additionalProperties: false,
  }),
  empty: Type.Optional(Type.Literal(true)),
  settings: Type.Optional(OrderSettings),
  /** There is metadata that the device should have soon, such as a withdrawal: it refreshes unless its snapshot is this new. */
  metadata: Type.Optional(Type.Object({ snapshot: Type.Integer({ minimum: 1, maximum: 2 ** 31 }) })),
});
export type Order = Static<typeof Order>;

const compiled = Compile(Order);

/** Reads an order's payload, whose signature has passed; throws DecodeError. */
export function decodeOrder(payload: Uint8Array): Order {
  return decodeDocument(compiled, payload, { what: 'order', maxBytes: maxOrderBytes });
}
