import type { Clock } from '@bellwether/shared/clock';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { EnrolmentPayload, type EnrolmentReply, type EnrolmentRequest } from '@bellwether/shared/contract/http-api';
import { messageOf } from '@bellwether/shared/errors';
import { deviceIdOf } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import { Compile } from '@bellwether/shared/schema';
import { sha256 } from '@bellwether/shared/signing/digest';
import { openEnvelope } from '@bellwether/shared/signing/envelope';
import type { Fleet } from './fleet.js';
import { FleetError } from './fleet-error.js';
import type { FleetStore, JoinToken } from './fleet-store.js';
import { envelopeBytes, unprovenPayload } from './unproven-payload.js';

const compiled = Compile(EnrolmentPayload);
const maxEnvelopeBytes = 8192;

interface EnrolmentParts {
  readonly store: FleetStore;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly log: Log;
  /** Called once for each new device. */
  readonly joined: (device: string) => Promise<void>;
}

/** Lets devices in that hold a join token and prove that they hold the key they show [T-10]. */
export class Enrolment {
  readonly #parts: EnrolmentParts;

  constructor(parts: EnrolmentParts) {
    this.#parts = parts;
  }

  /**
   * Throws FleetError `token-invalid` or `proof-invalid`. A device that asks again (its answer was lost) gets the same
   * answer, and no second use of the token is taken.
   */
  async enrol(request: EnrolmentRequest): Promise<EnrolmentReply> {
    const { fleet, store, clock, log, joined } = this.#parts;
    const token = await this.#tokenOf(request.joinToken);
    const payload = openProof(request);
    const id = deviceIdOf(payload.name, payload.public);
    const known = fleet.find(id);
    if (known?.tokenId === token.id) return { device: id, labels: known.labels };
    if (known !== undefined) throw new FleetError('token-invalid', `${id} has enrolled already, with another token`);
    const now = clock.now().wallMs;
    if (!(await store.takeUse(token.id, now))) {
      throw new FleetError('token-invalid', `the join token ${token.id} has expired or has no use left`);
    }
    await fleet.add({
      id,
      publicKey: payload.public,
      labels: token.labels,
      tokenId: token.id,
      enrolledAtMs: now,
      presence: 'never',
      presenceRunId: null,
      lastSeenMs: null,
      report: null,
    });
    log.info({ device: id, token: token.id }, 'A device has enrolled');
    await joined(id);
    return { device: id, labels: token.labels };
  }

  async #tokenOf(joinToken: string): Promise<JoinToken> {
    // Looked up by digest: the time it takes says nothing about the token itself.
    const token = await this.#parts.store.findToken(sha256(Buffer.from(joinToken)));
    if (token === undefined) throw new FleetError('token-invalid', 'this join token is not known here');
    return token;
  }
}

/** The key is read from the unproved payload; what counts is then opened with that very key. */
function openProof({ joinToken, envelope }: EnrolmentRequest): EnrolmentPayload {
  try {
    const claimed = decodeEnrolment(unprovenPayload(envelope));
    const { payload } = openEnvelope('enrolment', envelopeBytes(envelope), [claimed.public], maxEnvelopeBytes);
    const proof = decodeEnrolment(payload);
    if (proof.tokenDigest !== sha256(Buffer.from(joinToken))) {
      throw new FleetError('proof-invalid', 'the proof is for another join token');
    }
    return proof;
  } catch (cause) {
    if (cause instanceof FleetError) throw cause;
    throw new FleetError('proof-invalid', `the device did not prove that it holds its key: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function decodeEnrolment(payload: Uint8Array): EnrolmentPayload {
  return decodeDocument(compiled, payload, { what: 'enrolment', maxBytes: maxEnvelopeBytes });
}
