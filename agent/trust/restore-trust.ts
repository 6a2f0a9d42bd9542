import { DecodeError } from '@bellwether/shared/contract/decode';
import { decodeOrder, maxOrderBytes } from '@bellwether/shared/contract/order';
import { sha256 } from '@bellwether/shared/signing/digest';
import { EnvelopeError, openEnvelope } from '@bellwether/shared/signing/envelope';
import type { AcceptedOrder } from './device-trust.js';
import type { Metadata, MetadataBytes } from './metadata.js';
import { verifyMetadata } from './release-verifier.js';
import { VerifierError } from './release-verifier-signatures.js';
import type { RunnerTrust } from './runner-trust.js';
import { type StoredTrust, TrustError, type TrustState } from './trust-store.js';

/** Trust as it stands: what is remembered, the metadata as bytes and read, and the order that was accepted. */
export interface StandingTrust {
  readonly state: TrustState;
  readonly bytes: MetadataBytes;
  readonly metadata: Metadata;
  readonly accepted: AcceptedOrder | null;
}

/**
 * Verifies again what was stored, with the runner's verifier and without judging expiry [T-8]: a boot needs no network,
 * and a disk that changed its mind is noticed. Throws TrustError `state-corrupt`.
 */
export function restoreTrust(
  { state, metadata }: StoredTrust,
  trust: RunnerTrust,
  device: { readonly id: string },
): StandingTrust {
  try {
    const accepted = restoreOrder(state.order);
    if (accepted !== null && accepted.order.device.id !== device.id) {
      throw new TrustError(
        'state-corrupt',
        `the stored order is for ${accepted.order.device.id}, this is ${device.id}`,
      );
    }
    return { state, bytes: metadata, metadata: verifyMetadata(metadata, trust), accepted };
  } catch (cause) {
    if (!isDoubt(cause)) throw cause;
    throw new TrustError('state-corrupt', `the stored trust does not verify: ${cause.message}`, { cause });
  }
}

/** By the keys that had signed it: the director's may have been replaced since, and what was ordered before still serves. */
function restoreOrder(stored: TrustState['order']): AcceptedOrder | null {
  if (stored === null) return null;
  const { payload } = openEnvelope('order', Buffer.from(stored.envelope), stored.signers, maxOrderBytes);
  return { order: decodeOrder(payload), digest: sha256(payload) };
}

function isDoubt(error: unknown): error is VerifierError | EnvelopeError | DecodeError {
  return error instanceof VerifierError || error instanceof EnvelopeError || error instanceof DecodeError;
}
