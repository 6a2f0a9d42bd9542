import { generateKeyPairSync } from 'node:crypto';
import { deviceIdOf, fingerprintOf } from '@bellwether/shared/ids';
import { type Signer, signerOf } from '@bellwether/shared/signing/ed25519';
import { type PayloadType, sealEnvelopeBy } from '@bellwether/shared/signing/envelope';
import type { EnrolledIdentity, Successor } from '../identity/identity.js';

/** A device's identity that lives as long as the simulation: a real key, of no use to anybody after it. */
export class SimulatedIdentity implements EnrolledIdentity {
  readonly device: string;
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly #signer: Signer;
  #enrolled = false;

  constructor(name: string) {
    // tweetnacl takes 10 ms for a key pair, 5,000 of them most of a minute.
    const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    this.publicKey = Buffer.from(x, 'base64url').toString('hex');
    const seed = Buffer.from(d, 'base64url').toString('hex');
    this.#signer = signerOf({ publicKey: this.publicKey, seed });
    this.fingerprint = fingerprintOf(this.publicKey);
    this.device = deviceIdOf(name, this.publicKey);
  }

  get enrolled(): boolean {
    return this.#enrolled;
  }

  seal(type: PayloadType, payload: unknown): Uint8Array {
    return sealEnvelopeBy(type, payload, [this.#signer]);
  }

  markEnrolled(): Promise<void> {
    this.#enrolled = true;
    return Promise.resolve();
  }

  successor(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  prepareSuccessor(): Promise<Successor> {
    return Promise.reject(new TypeError('simulated devices keep their keys'));
  }
}
