import type { Clock } from '@bellwether/shared/clock';
import { EnrolmentPayload, type EnrolmentReply, type EnrolmentRequest } from '@bellwether/shared/contract/http-api';
import { deviceIdOf } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import { Compile } from '@bellwether/shared/schema';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { AuditTrail } from '../audit/audit-row.js';
import type { Device } from './device.js';
import { openProof, type ProofKind } from './device-proof.js';
import type { DeviceRates } from './device-rates.js';
import type { Fleet } from './fleet.js';
import { FleetError } from './fleet-error.js';
import type { FleetStore, JoinToken } from './fleet-store.js';
import { refusalOf } from './join-tokens.js';

const compiled = Compile(EnrolmentPayload);
const enrolmentProof: ProofKind<EnrolmentPayload> = {
  type: 'enrolment',
  schema: compiled,
  failure: 'the device did not prove that it holds its key',
};

interface EnrolmentParts {
  readonly store: FleetStore;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditTrail;
  readonly rates: DeviceRates;
  /** Called once for each new device, approved or not. */
  readonly joined: (device: string) => Promise<void>;
}

/** Lets devices in that hold a join token and prove that they hold the key they show [T-10]. */
export class Enrolment {
  readonly #parts: EnrolmentParts;
  /** Devices that are being let in: one that asks again meanwhile waits for the same answer. */
  readonly #arriving = new Map<string, Promise<EnrolmentReply>>();

  constructor(parts: EnrolmentParts) {
    this.#parts = parts;
  }

  /**
   * Throws FleetError `token-invalid`, `token-revoked`, `token-expired`, `token-spent`, `proof-invalid`, `key-taken` or
   * `device-decommissioned`. A device that asks again (its answer was lost) gets the same answer, and no second use of
   * the token is taken. And RateError, for a token that is used too often and an address whose tokens are wrong too often.
   */
  async enrol(request: EnrolmentRequest, address: string): Promise<EnrolmentReply> {
    const { fleet } = this.#parts;
    const token = await this.#tokenOf(request.joinToken, address);
    const payload = this.#proved(request, address);
    const key = payload.public;
    for (let other = this.#arriving.get(key); other !== undefined; other = this.#arriving.get(key)) {
      await Promise.allSettled([other]);
    }
    const id = deviceIdOf(payload.name, key);
    const known = fleet.findByKey(key) ?? fleet.find(id);
    if (known !== undefined) return answerAgain(known, id, token);
    const arriving = this.#letIn(id, key, token);
    this.#arriving.set(key, arriving);
    try {
      return await arriving;
    } finally {
      this.#arriving.delete(key);
    }
  }

  async #letIn(id: string, publicKey: string, token: JoinToken): Promise<EnrolmentReply> {
    const { fleet, store, clock, log, audit, joined } = this.#parts;
    const now = clock.now().wallMs;
    const refusal = refusalOf(token, now);
    if (refusal !== undefined) throw refusal;
    if (!(await store.takeUse(token.id, now))) {
      throw new FleetError('token-spent', `somebody else has just taken the last use of the join token ${token.id}`);
    }
    const standing = token.kind === 'auto' ? 'approved' : 'pending';
    const details = { joinToken: token.id, standing };
    // Before it is in: nobody is let in unseen, and one that asks again gets no row of its own.
    await audit.recordSoon({ actor: `device:${id}`, action: 'device.enrol', subject: id, details });
    await fleet.add({
      id,
      publicKey,
      formerKeys: [],
      nextKey: null,
      standing,
      labels: token.labels,
      tokenId: token.id,
      enrolledAtMs: now,
      presence: 'never',
      presenceRunId: null,
      lastSeenMs: null,
      report: null,
    });
    log.info({ device: id, token: token.id, standing }, 'A device has enrolled');
    await joined(id);
    return { device: id, labels: token.labels, standing };
  }

  #proved(request: EnrolmentRequest, address: string): EnrolmentPayload {
    const { rates, clock } = this.#parts;
    try {
      return openEnrolment(request);
    } catch (cause) {
      rates.failed(address, clock.now().monotonicMs);
      throw cause;
    }
  }

  async #tokenOf(joinToken: string, address: string): Promise<JoinToken> {
    const { store, rates, clock } = this.#parts;
    // Looked up by digest: the time it takes says nothing about the token itself.
    const token = await store.findToken(sha256(Buffer.from(joinToken)));
    const { monotonicMs } = clock.now();
    if (token === undefined) {
      rates.failed(address, monotonicMs);
      throw new FleetError('token-invalid', 'this join token is not known here');
    }
    rates.enrols(token.id, monotonicMs);
    return token;
  }
}

/**
 * The answer for a key that is known: the same as before for a device that asks again by its own token. A key belongs to
 * one device, and that of a decommissioned one is refused for ever, whatever name and token it comes with [T-11].
 */
function answerAgain(known: Device, id: string, token: JoinToken): EnrolmentReply {
  const { standing, labels, tokenId } = known;
  if (standing === 'decommissioned') {
    throw new FleetError('device-decommissioned', `${known.id} has been decommissioned, and its key with it`);
  }
  if (known.id !== id) throw new FleetError('key-taken', `this key is that of ${known.id}`);
  if (tokenId !== token.id) throw new FleetError('token-invalid', `${id} has enrolled already, with another token`);
  return { device: id, labels, ...(standing === 'rejected' ? {} : { standing }) };
}

/** The key proves that it is held, and that it came by this token. */
function openEnrolment({ joinToken, envelope }: EnrolmentRequest): EnrolmentPayload {
  const proof = openProof(enrolmentProof, envelope, (claimed) => [claimed.public]);
  if (proof.tokenDigest === sha256(Buffer.from(joinToken))) return proof;
  throw new FleetError('proof-invalid', 'the proof is for another join token');
}
