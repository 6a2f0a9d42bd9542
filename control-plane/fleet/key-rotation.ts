import type { Clock } from '@bellwether/shared/clock';
import {
  KeyRotationPayload,
  type KeyRotationReply,
  type KeyRotationRequest,
} from '@bellwether/shared/contract/http-api';
import { fingerprintOf } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import { Compile } from '@bellwether/shared/schema';
import type { AuditTrail } from '../audit/audit-row.js';
import { openProof, type ProofKind } from './device-proof.js';
import type { DeviceRates } from './device-rates.js';
import type { Fleet } from './fleet.js';
import { FleetError } from './fleet-error.js';
import type { SessionNonces } from './session-nonce.js';
import { requireApproved } from './standing.js';

const compiled = Compile(KeyRotationPayload);
const rotationProof: ProofKind<KeyRotationPayload> = {
  type: 'keyRotation',
  schema: compiled,
  failure: 'not signed by the old key and the new one',
};

interface KeyRotationParts {
  readonly fleet: Fleet;
  readonly nonces: SessionNonces;
  readonly rates: DeviceRates;
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
   * later request replaces an earlier one that waits. And RateError, for a device that asks too often and for an address
   * that fails too often.
   */
  async request({ envelope }: KeyRotationRequest, address: string): Promise<KeyRotationReply> {
    const { fleet, nonces, rates, clock, log, audit, changed } = this.#parts;
    const { device: id, serverNonce, newPublic } = this.#proved(envelope, address);
    rates.asksForKey(id, clock.now().monotonicMs);
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

  #proved(envelope: unknown, address: string): KeyRotationPayload {
    const { rates, clock } = this.#parts;
    try {
      return this.#openProof(envelope);
    } catch (cause) {
      rates.failed(address, clock.now().monotonicMs);
      throw cause;
    }
  }

  /** Both keys sign: the old one vouches, the new one is held. */
  #openProof(envelope: unknown): KeyRotationPayload {
    return openProof(rotationProof, envelope, ({ device, newPublic }) => [
      newPublic,
      this.#parts.fleet.get(device).publicKey,
    ]);
  }
}
