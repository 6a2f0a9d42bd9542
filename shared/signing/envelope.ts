import { DecodeError, decodeDocument } from '../contract/decode.js';
import { CodedError } from '../errors.js';
import { hex64Pattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { keyIdOf, type Signer, signerOf, verifyEd25519 } from './ed25519.js';
import type { KeyPair } from './key-pair.js';

/**
 * DSSE envelopes (https://github.com/secure-systems-lab/dsse, protocol v1): everything signed that is not TUF. The
 * payload type is part of what is signed and is checked before the payload is parsed [T-4].
 */

/** One payload type per use; a key that signs one of them signs no other. */
export const payloadTypes = {
  /** A director's order to one device. */
  order: 'application/vnd.bellwether.order.v1+json',
  /** A device's report. */
  report: 'application/vnd.bellwether.report.v1+json',
  /** A link of a device's chain of receipts: one with each report [T-12]. */
  receipt: 'application/vnd.bellwether.receipt.v1+json',
  /** Where the server's audit log ends [T-14]. */
  auditHead: 'application/vnd.bellwether.audit-head.v1+json',
  /** A device proves that it holds its key while enrolling. */
  enrolment: 'application/vnd.bellwether.enrolment.v1+json',
  /** A device answers the server's nonce to open a session. */
  session: 'application/vnd.bellwether.session.v1+json',
  /** The server's time, bound to a device's nonce. */
  time: 'application/vnd.bellwether.time.v1+json',
  /** What the server decided about a step of a rollout, with everything that it depends on. */
  verdict: 'application/vnd.bellwether.verdict.v1+json',
  /** A device asks to go on with another key; signed by the old one and the new one. */
  keyRotation: 'application/vnd.bellwether.key-rotation.v1+json',
} as const;
export type PayloadType = keyof typeof payloadTypes;

/** Whether it re-encodes to itself is looked at later: a pattern that counts in fours runs out of stack at 6 MB (m). */
const base64 = '^[A-Za-z0-9+/]*={0,2}$';

/** The envelope as JSON. Unknown fields are refused: nothing in it is unsigned but the key id, which is only a hint. */
export const Envelope = Type.Object(
  {
    payloadType: Type.String({ maxLength: 100 }),
    payload: Type.String({ pattern: base64 }),
    signatures: Type.Array(
      Type.Object(
        {
          keyid: Type.String({ pattern: hex64Pattern }),
          sig: Type.String({ pattern: base64, minLength: 88, maxLength: 88 }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 4 },
    ),
  },
  { additionalProperties: false },
);
export type Envelope = Static<typeof Envelope>;

export type EnvelopeErrorCode = 'size' | 'malformed' | 'payload-type' | 'signature';

/** An envelope that must not be believed. */
export class EnvelopeError extends CodedError<EnvelopeErrorCode> {}

const compiled = Compile(Envelope);

/** What was signed, and by which of the keys that count. */
export interface OpenedEnvelope {
  readonly payload: Uint8Array;
  readonly keyIds: readonly string[];
}

/** Signs a JSON value as one payload type; returns the envelope's bytes. */
export function sealEnvelope(type: PayloadType, payload: unknown, keys: readonly KeyPair[]): Uint8Array {
  return sealEnvelopeBy(type, payload, keys.map(signerOf));
}

/** The same, by signers that are made ready before. */
export function sealEnvelopeBy(type: PayloadType, payload: unknown, signers: readonly Signer[]): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(payload));
  const encoding = preAuthenticationEncoding(payloadTypes[type], bytes);
  const envelope: Envelope = {
    payloadType: payloadTypes[type],
    payload: bytes.toString('base64'),
    signatures: signers.map(({ keyId, sign }) => ({
      keyid: keyId,
      sig: Buffer.from(sign(encoding)).toString('base64'),
    })),
  };
  return Buffer.from(JSON.stringify(envelope));
}

/** Opens an envelope: size, form, payload type, then a signature by one of `publicKeys`. Throws EnvelopeError; the payload is not yet parsed. */
export function openEnvelope(
  type: PayloadType,
  bytes: Uint8Array,
  publicKeys: readonly string[],
  maxBytes: number,
): OpenedEnvelope {
  const envelope = decodeEnvelope(bytes, maxBytes);
  if (envelope.payloadType !== payloadTypes[type]) {
    throw new EnvelopeError('payload-type', `expected ${payloadTypes[type]}, got ${envelope.payloadType}`);
  }
  const payload = Buffer.from(envelope.payload, 'base64');
  if (payload.toString('base64') !== envelope.payload) {
    throw new EnvelopeError('malformed', 'the payload is not exact base64');
  }
  const encoding = preAuthenticationEncoding(envelope.payloadType, payload);
  const keyIds = publicKeys
    .filter((key) =>
      envelope.signatures.some((s) => s.keyid === keyIdOf(key) && verifyEd25519(key, encoding, exactBase64(s.sig))),
    )
    .map(keyIdOf);
  if (keyIds.length === 0) {
    throw new EnvelopeError(
      'signature',
      `no signature by any of the ${publicKeys.length} keys that may sign a ${type}`,
    );
  }
  return { payload, keyIds };
}

function decodeEnvelope(bytes: Uint8Array, maxBytes: number): Envelope {
  try {
    const envelope = decodeDocument(compiled, bytes, { what: 'envelope', maxBytes });
    requireExactForm(envelope, bytes);
    return envelope;
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new EnvelopeError(cause.code === 'too-large' ? 'size' : 'malformed', cause.message, { cause });
  }
}

/**
 * An envelope has one form: no space, fields in order, nothing escaped, each key once. Else anybody on the way could make
 * many texts of one signed document [T-4]. Throws EnvelopeError.
 */
function requireExactForm({ payloadType, payload, signatures }: Envelope, bytes: Uint8Array): void {
  const exact: Envelope = { payloadType, payload, signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig })) };
  if (!Buffer.from(JSON.stringify(exact)).equals(bytes)) {
    throw new EnvelopeError('malformed', 'the envelope is not written in its one exact form');
  }
  if (new Set(signatures.map((each) => each.keyid)).size !== signatures.length) {
    throw new EnvelopeError('malformed', 'the envelope has two signatures of one key');
  }
}

/** Bytes of base64 that re-encodes to itself, else none, which no signature check accepts. */
function exactBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : new Uint8Array();
}

/** DSSE protocol, "PAE": what is signed is type and payload with their lengths. */
export function preAuthenticationEncoding(type: string, payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head), payload]);
}
