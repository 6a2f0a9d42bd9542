import type { Clock } from '@bellwether/shared/clock';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import {
  KeyRotationPayload,
  type KeyRotationReply,
  type KeyRotationRequest,
} from '@bellwether/shared/contract/http-api';
import { messageOf } from '@bellwether/shared/errors';
import { fingerprintOf } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import { Compile } from '@bellwether/shared/schema';
import { openEnvelope } from '@bellwether/shared/signing/envelope';
import type { AuditTrail } from '../audit/audit-row.js';
import type { Fleet } from './fleet.js';
import { FleetError } from './fleet-error.js';
import type { SessionNonces } from './session-nonce.js';
import { requireApproved } from './standing.js';
import { envelopeBytes, unprovenPayload } from './unproven-payload.js';

const compiled = Compile(KeyRotationPayload);
const maxEnvelopeBytes = 8192;

interface KeyRotationParts {
  readonly fleet: Fleet;
  readonly nonces: SessionNonces;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditTrail;
  /** Told when a device is shown differently. */
  readonly changed: (device: string) => void;
}

/**
 * Devices that ask to go on with another key: the old key vouches for the new one, the new one proves that it is held, and
 * an operator agrees [T-10]. The last word is a person's, because whoever stole the old key can ask too.
 */
export class KeyRotations {
  readonly #parts: KeyRotationParts;

  constructor(parts: KeyRotationParts) {
    this.#parts = parts;
  }

  /**
   * Throws FleetError `device-unknown`, `proof-invalid`, `nonce-invalid`, what requireApproved throws, or `key-taken`. A
   * later request replaces an earlier one that waits.
   */
  async request({ envelope }: KeyRotationRequest): Promise<KeyRotationReply> {
    const { fleet, nonces, clock, log, audit, changed } = this.#parts;
    const { device: id, serverNonce, newPublic } = this.#openProof(envelope);
    if (!nonces.use(serverNonce, id, clock.now().wallMs)) {
      throw new FleetError('nonce-invalid', 'the nonce has expired, was used before, or is not this device’s');
    }
    const device = fleet.get(id);
    requireApproved(id, device.standing);
    if (device.publicKey === newPublic) return { standing: 'current' };
    if (device.nextKey === newPublic) return { standing: 'pending' };
    if (fleet.findByKey(newPublic) !== undefined) throw new FleetError('key-taken', 'this key was in use before');
    const details = { fingerprint: fingerprintOf(newPublic) };
    audit.record({ actor: `device:${id}`, action: 'device-key.request', subject: id, details });
    await fleet.decide(id, { nextKey: newPublic });
    log.info({ device: id, ...details }, 'A device asks to go on with another key');
    changed(id);
    return { standing: 'pending' };
  }

  /** Device and keys are read from the unproved payload; what counts is then opened with these very keys, both. */
  #openProof(envelope: unknown): KeyRotationPayload {
    const limits = { what: 'key rotation', maxBytes: maxEnvelopeBytes };
    try {
      const claimed = decodeDocument(compiled, unprovenPayload(envelope), limits);
      const { publicKey } = this.#parts.fleet.get(claimed.device);
      const bytes = envelopeBytes(envelope);
      for (const key of [claimed.newPublic, publicKey]) openEnvelope('keyRotation', bytes, [key], maxEnvelopeBytes);
      return claimed;
    } catch (cause) {
      if (cause instanceof FleetError) throw cause;
      throw new FleetError('proof-invalid', `not signed by the old key and the new one: ${messageOf(cause)}`, {
        cause,
      });
    }
  }
}
