import nacl from 'tweetnacl';
import { publicKeyOf } from './ed25519-nacl.js';

/** An Ed25519 key pair: public key and 32-byte seed, both 64 lower-case hex digits. */
export interface KeyPair {
  readonly publicKey: string;
  readonly seed: string;
}

/** Makes a new key pair from the machine's random numbers. */
export function generateKeyPair(): KeyPair {
  const seed = Buffer.from(nacl.randomBytes(32)).toString('hex');
  return { publicKey: publicKeyOf(seed), seed };
}
