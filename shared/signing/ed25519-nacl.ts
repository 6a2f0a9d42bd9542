import nacl from 'tweetnacl';
import { exactHex, isSoundPublicKey, isSoundSignature } from './ed25519-strict.js';

/**
 * Ed25519 by tweetnacl: the runner's verification, independent of OpenSSL, and the publishers' signatures, so that an
 * offline tool needs no native code. About 10 ms a signature: a price for a swap, not for a message.
 */

/** True when the signature over the message is by the key (64 hex digits). Unsound keys and signatures are false. */
export function verifyEd25519Nacl(publicKey: string, message: Uint8Array, signature: Uint8Array): boolean {
  const raw = exactHex(publicKey, 32);
  if (raw === undefined || !isSoundPublicKey(raw) || !isSoundSignature(signature)) return false;
  return nacl.sign.detached.verify(new Uint8Array(message), new Uint8Array(signature), new Uint8Array(raw));
}

/** Signs with a 32-byte seed in hex; throws TypeError on anything else. */
export function signEd25519Nacl(seed: string, message: Uint8Array): Uint8Array {
  const raw = exactHex(seed, 32);
  if (raw === undefined) throw new TypeError('an Ed25519 seed is 64 lower-case hex digits');
  return nacl.sign.detached(new Uint8Array(message), nacl.sign.keyPair.fromSeed(new Uint8Array(raw)).secretKey);
}

/** The public key of a seed, both 64 hex digits; throws TypeError. */
export function publicKeyOf(seed: string): string {
  const raw = exactHex(seed, 32);
  if (raw === undefined) throw new TypeError('an Ed25519 seed is 64 lower-case hex digits');
  return Buffer.from(nacl.sign.keyPair.fromSeed(new Uint8Array(raw)).publicKey).toString('hex');
}
