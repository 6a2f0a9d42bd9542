import type { PayloadType } from '@bellwether/shared/signing/envelope';

/** Who this device is. The secret never leaves the implementation. */
export interface Identity {
  /** name-fingerprint16 */
  readonly device: string;
  readonly publicKey: string;
  /** SHA-256 of the public key, 64 hex digits: what `bellwether-agent status` prints for the operator to compare. */
  readonly fingerprint: string;
  /** Signs a JSON value as one payload type; envelope bytes. */
  seal(type: PayloadType, payload: unknown): Uint8Array;
}

/** An identity that remembers whether the server has taken it in. */
export interface EnrolledIdentity extends Identity {
  readonly enrolled: boolean;
  /** Durable when it resolves; may be called twice. */
  markEnrolled(enrolledAtMs: number): Promise<void>;
}
