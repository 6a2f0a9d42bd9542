import type { KeyRotationReply, SessionAudience } from '@bellwether/shared/contract/http-api';
import { CodedError } from '@bellwether/shared/errors';
import type { Identity, Successor } from './identity.js';

/**
 * `join-refused`, `session-refused`, `rotation-refused`: the server said no, in its own words. `network`: no answer that could be believed;
 * worth another try. `join-token-missing`: this device is not enrolled and has nothing to enrol with.
 */
export type EnrolmentErrorCode =
  | 'join-refused'
  | 'session-refused'
  | 'rotation-refused'
  | 'network'
  | 'join-token-missing';
export class EnrolmentError extends CodedError<EnrolmentErrorCode> {}

/** A short-lived permission [T-11]: `token` is the MQTT password, or opens artefact downloads. */
export interface Session {
  readonly token: string;
  readonly expiresInSeconds: number;
  readonly mqttUrl: string;
  /** Signed server time (envelope, payload type `time`), bound to `deviceNonce`: what raises trusted time [T-8]. */
  readonly time: Uint8Array;
  readonly deviceNonce: string;
}

/** The server, as a device meets it before it may speak MQTT. */
export interface EnrolmentServer {
  /** Enrols with a join token and proves possession of the key [T-10]; rejects with EnrolmentError. Safe to repeat. */
  enrol(identity: Identity, joinToken: string, signal: AbortSignal): Promise<void>;
  /** Answers the server's nonce; rejects with EnrolmentError. */
  openSession(identity: Identity, audience: SessionAudience, signal: AbortSignal): Promise<Session>;
  /** Asks to go on with the successor's key, proved by both keys; an operator has to agree. Rejects with EnrolmentError. Safe to repeat. */
  requestKey(successor: Successor, signal: AbortSignal): Promise<KeyRotationReply['standing']>;
}
