import { DecodeError, decodeDocument } from '@bellwether/shared/contract/decode';
import { TimePayload } from '@bellwether/shared/contract/http-api';
import { Compile } from '@bellwether/shared/schema';
import { EnvelopeError, openEnvelope } from '@bellwether/shared/signing/envelope';

/**
 * What this device knows about the time without believing its own wall clock or the network's [T-8]: at `monotonicMs` it
 * was at least `timeMs` (milliseconds since 1970; 0: nothing known yet).
 */
export interface TrustedTime {
  readonly timeMs: number;
  readonly monotonicMs: number;
  /** The public keys of those who said so. */
  readonly signers: readonly string[];
}

/** The least that it can be now, milliseconds since 1970. */
export function trustedNowMs(time: TrustedTime, monotonicMs: number): number {
  return time.timeMs + Math.max(0, Math.floor(monotonicMs - time.monotonicMs));
}

const compiled = Compile(TimePayload);
const maxTimeBytes = 4096;

/**
 * What the server says of the time, out of an envelope, when one of the time keys signed it for this nonce: a kept older answer, or one
 * to another device, says nothing. Undefined otherwise.
 */
export function signedTime(
  envelope: Uint8Array,
  publicKeys: readonly string[],
  deviceNonce: string,
): TimePayload | undefined {
  try {
    const { payload } = openEnvelope('time', envelope, publicKeys, maxTimeBytes);
    const time = decodeDocument(compiled, payload, { what: 'time', maxBytes: maxTimeBytes });
    return time.deviceNonce === deviceNonce ? time : undefined;
  } catch (error) {
    if (error instanceof EnvelopeError || error instanceof DecodeError) return undefined;
    throw error;
  }
}
