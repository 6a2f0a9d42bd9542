import { type CompiledSchema, decodeDocument } from '@bellwether/shared/contract/decode';
import { messageOf } from '@bellwether/shared/errors';
import { openEnvelope, type PayloadType } from '@bellwether/shared/signing/envelope';
import { FleetError } from './fleet-error.js';

const maxEnvelopeBytes = 8192;

/** What a device signs to prove itself, and how it is read. */
export interface ProofKind<Payload> {
  readonly type: PayloadType;
  readonly schema: CompiledSchema<Payload>;
  /** The sentence for one that is not signed as it should be. */
  readonly failure: string;
}

/** Reads what an envelope says before anything about it is proved: only to look up whose keys must open it. Throws DecodeError. */
export function unprovenPayload<Payload>({ type, schema }: ProofKind<Payload>, envelope: unknown): Payload {
  const hasPayload = typeof envelope === 'object' && envelope !== null && 'payload' in envelope;
  const text = hasPayload && typeof envelope.payload === 'string' ? envelope.payload : '';
  return decodeDocument(schema, Buffer.from(text, 'base64'), { what: type, maxBytes: maxEnvelopeBytes });
}

/**
 * Opens a proof that came as a JSON value. Whose keys must have signed it follows from what it claims; what counts is what
 * each of these very keys opens. Throws FleetError: what `keysOf` throws, or `proof-invalid`.
 */
export function openProof<Payload>(
  kind: ProofKind<Payload>,
  envelope: unknown,
  keysOf: (claimed: Payload) => readonly [string, ...string[]],
): Payload {
  try {
    const [first, ...others] = keysOf(unprovenPayload(kind, envelope));
    const bytes = Buffer.from(JSON.stringify(envelope) ?? '');
    const { payload } = openEnvelope(kind.type, bytes, [first], maxEnvelopeBytes);
    for (const key of others) openEnvelope(kind.type, bytes, [key], maxEnvelopeBytes);
    return decodeDocument(kind.schema, payload, { what: kind.type, maxBytes: maxEnvelopeBytes });
  } catch (cause) {
    if (cause instanceof FleetError) throw cause;
    throw new FleetError('proof-invalid', `${kind.failure}: ${messageOf(cause)}`, { cause });
  }
}
