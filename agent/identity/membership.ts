import type { Clock } from '@bellwether/shared/clock';
import type { SessionAudience } from '@bellwether/shared/contract/http-api';
import type { Log } from '@bellwether/shared/log';
import { EnrolmentError, type EnrolmentServer, type Session } from './enrolment.js';
import type { EnrolledIdentity } from './identity.js';

export interface MembershipParts {
  readonly identity: EnrolledIdentity;
  readonly server: EnrolmentServer;
  /** Undefined once the device is enrolled and the token has been taken out of its configuration. */
  readonly joinToken: string | undefined;
  /** Gets the signed server time of every session: DeviceTrust.offerTime. */
  readonly offerTime: (envelope: Uint8Array, deviceNonce: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The device's standing with its server: enrols when it is not enrolled yet, then opens sessions. */
export class Membership {
  readonly #parts: MembershipParts;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  /** A fresh session; rejects with EnrolmentError. The caller tries again. */
  async openSession(audience: SessionAudience, signal: AbortSignal): Promise<Session> {
    const { identity, server } = this.#parts;
    if (!identity.enrolled) await this.#enrol(signal);
    const session = await server.openSession(identity, audience, signal).catch((error: unknown) => {
      if (!(error instanceof EnrolmentError) || error.code !== 'session-refused') throw error;
      return this.#openWithSuccessor(audience, error, signal);
    });
    this.#parts.offerTime(session.time, session.deviceNonce);
    return session;
  }

  /** An operator may have agreed to the key that this device asked for: then the old one opens nothing, and this one does. */
  async #openWithSuccessor(audience: SessionAudience, refused: EnrolmentError, signal: AbortSignal): Promise<Session> {
    const { identity, server, log } = this.#parts;
    const successor = await identity.successor();
    if (successor === undefined) throw refused;
    const session = await server.openSession(successor.identity, audience, signal).catch((error: unknown) => {
      // What the server says of a key that it does not know yet tells nobody anything.
      throw error instanceof EnrolmentError && error.code === 'session-refused' ? refused : error;
    });
    await successor.take();
    log.info({ device: identity.device, fingerprint: identity.fingerprint }, 'this device goes on with its new key');
    return session;
  }

  async #enrol(signal: AbortSignal): Promise<void> {
    const { identity, server, joinToken, clock, log } = this.#parts;
    if (joinToken === undefined) {
      throw new EnrolmentError('join-token-missing', `${identity.device} is not enrolled and has no join token`);
    }
    await server.enrol(identity, joinToken, signal);
    await identity.markEnrolled(clock.now().wallMs);
    log.info({ device: identity.device, fingerprint: identity.fingerprint }, 'the server has enrolled this device');
  }
}
