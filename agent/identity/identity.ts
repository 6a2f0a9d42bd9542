import type { PayloadType } from '@bellwether/shared/signing/envelope';

/** Who this device is. The secret never leaves the implementation. */
export interface Identity {
  /** name-fingerprint16, of the first key that the device had: it stays when the key is replaced. */
  readonly device: string;
  /** Of the key that signs now. */
  readonly publicKey: string;
  /** SHA-256 of the public key, 64 hex digits: what `bellwether-agent status` prints for the operator to compare. */
  readonly fingerprint: string;
  /** Signs a JSON value as one payload type; envelope bytes. */
  seal(type: PayloadType, payload: unknown): Uint8Array;
}

/** The key that a device asks to go on with; the server takes it once an operator agreed. */
export interface Successor {
  /** The same device, signing with this key. */
  readonly identity: Identity;
  /** Signs by the old key and the new one. */
  sealByBoth(type: PayloadType, payload: unknown): Uint8Array;
  /** From now on it is the device's key, on disk before this resolves; the one before is gone. May be called twice. */
  take(): Promise<void>;
}

/** An identity that remembers whether the server has taken it in, and what its next key is to be. */
export interface EnrolledIdentity extends Identity {
  readonly enrolled: boolean;
  /** Durable when it resolves; may be called twice. */
  markEnrolled(enrolledAtMs: number): Promise<void>;
  /** Looked for on disk each time: `bellwether-agent rotate-key` makes it while the agent runs. Undefined when there is none. */
  successor(): Promise<Successor | undefined>;
  /** The successor, made when there is none. Durable when it resolves. */
  prepareSuccessor(): Promise<Successor>;
}
