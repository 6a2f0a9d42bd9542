import { deviceIdPattern, hex64Pattern, modelNamePattern, versionPattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { decodeDocument } from './decode.js';

/** Largest receipt, in bytes: 128 releases. */
export const maxReceiptBytes = 64 * 1024;

/** Releases that one receipt names at most; those that serve go before those that have served. */
export const maxServedReleases = 128;

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const digest = Type.String({ pattern: hex64Pattern });

/**
 * A release that has served in this start of the agent: since when (wall time), and how many calls it answered and
 * failed so far. The counters only grow within a `runId`, so a receipt that is lost takes no count with it.
 */
export const ServedRelease = Type.Object({
  model: Type.String({ pattern: modelNamePattern }),
  version: Type.String({ pattern: versionPattern }),
  manifest: digest,
  sinceMs: count,
  /** False once another release has taken its place. */
  serves: Type.Boolean(),
  answered: count,
  failed: count,
});
export type ServedRelease = Static<typeof ServedRelease>;

/**
 * What a device signs with each report [T-12]: a chain, whose links a server can hold against each other. It proves what
 * the holder of the key claims, no more. Signed documents keep unknown fields.
 */
export const Receipt = Type.Object({
  schema: Type.Literal('bellwether.receipt.v1'),
  device: Type.String({ pattern: deviceIdPattern }),
  /** 1, 2, 3 … over all starts of the agent. */
  number: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  /** SHA-256 of the payload of receipt `number - 1`; null in the first one. */
  previous: Type.Union([Type.Null(), digest]),
  /** The report that it came with: see reportDigest. */
  report: digest,
  atMs: count,
  runId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  bootId: Type.String({ maxLength: 64 }),
  /** The accepted order. */
  order: Type.Union([Type.Null(), Type.Object({ epoch: count, generation: count, digest })]),
  /** Versions of the verified TUF metadata. */
  metadata: Type.Union([Type.Null(), Type.Object({ root: count, targets: count, snapshot: count, timestamp: count })]),
  served: Type.Array(ServedRelease, { maxItems: maxServedReleases }),
});
export type Receipt = Static<typeof Receipt>;

const compiled = Compile(Receipt);

/** Reads a receipt's payload, whose signature has passed; throws DecodeError. */
export function decodeReceipt(payload: Uint8Array): Receipt {
  return decodeDocument(compiled, payload, { what: 'receipt', maxBytes: maxReceiptBytes });
}
