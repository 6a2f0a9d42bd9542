import { deviceIdPattern, hex64Pattern, modelNamePattern, versionPattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { DecodeError, decodeDocument } from './decode.js';
import { maxShare, rolloutIdPattern } from './evidence-window.js';
import { Inquiry, maxInquiries } from './inquiry.js';

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
  /** Says no more than "try it again": an entry with another number is another entry, under which no permanent refusal stands [T-6]. */
  attempt: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
});
export type OrderedRelease = Static<typeof OrderedRelease>;

/**
 * A second release beside the stable one, and which of the calls it gets [T-5, A-8]. `shadow`: `share` of the calls run in
 * both, stable answers; `split`: `share` of the calls are its own; `full`: all of them, share 10,000. It ends when no
 * signed server time has come for `leaseSeconds`: a broker that withholds the rollback only keeps it that long.
 */
export const OrderedCanary = Type.Object({
  ...OrderedRelease.properties,
  rollout: Type.String({ pattern: rolloutIdPattern }),
  step: Type.Integer({ minimum: 0, maximum: 63 }),
  mode: Type.Union([Type.Literal('shadow'), Type.Literal('split'), Type.Literal('full')]),
  /** Hundredths of a percent. */
  share: Type.Integer({ minimum: 0, maximum: maxShare }),
  /** Key of the draws: 128 random bits of the rollout, hex. */
  salt: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  leaseSeconds: Type.Integer({ minimum: 60, maximum: 7 * 86_400 }),
});
export type OrderedCanary = Static<typeof OrderedCanary>;

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
  models: Type.Record(
    Type.String({ pattern: modelNamePattern }),
    Type.Object({ stable: OrderedRelease, canary: Type.Optional(OrderedCanary) }),
    {
      maxProperties: 64,
      additionalProperties: false,
    },
  ),
  empty: Type.Optional(Type.Literal(true)),
  settings: Type.Optional(OrderSettings),
  /** What a person wants to know of the device: answered, and nothing on it changes. */
  inquiries: Type.Optional(Type.Array(Inquiry, { maxItems: maxInquiries })),
  /** There is metadata that the device should have soon, such as a withdrawal: it refreshes unless its snapshot is this new. */
  metadata: Type.Optional(Type.Object({ snapshot: Type.Integer({ minimum: 1, maximum: 2 ** 31 }) })),
});
export type Order = Static<typeof Order>;

const compiled = Compile(Order);

/** Reads an order's payload, whose signature has passed; throws DecodeError. In `full` the share is 10,000: calls of a part of them would be judged as if there were no other arm. */
export function decodeOrder(payload: Uint8Array): Order {
  const order = decodeDocument(compiled, payload, { what: 'order', maxBytes: maxOrderBytes });
  for (const [model, { canary }] of Object.entries(order.models)) {
    if (canary?.mode !== 'full' || canary.share === maxShare) continue;
    throw new DecodeError(
      'schema',
      `order at /models/${model}/canary: full is a share of ${maxShare}, not ${canary.share}`,
    );
  }
  return order;
}
