/**
 * What every verification of ours asks of a key and a signature before any curve arithmetic (RFC 8032 §5.1.7 with the
 * checks it leaves open): exact lengths, S < L, y < p, and no key of small order, under which one signature fits many
 * messages.
 */

const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;
const fieldPrime = 2n ** 255n - 19n;

/** The y coordinates of the eight points whose order divides 8. */
const smallOrderY = new Set([
  0n,
  1n,
  fieldPrime - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7n,
]);

/** True when the 32 bytes are a canonical Ed25519 public key that is not of small order. */
export function isSoundPublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.byteLength !== 32) return false;
  const y = littleEndian(publicKey) & (2n ** 255n - 1n);
  return y < fieldPrime && !smallOrderY.has(y);
}

/** True when the 64 bytes have S < L, so that nobody can make a second valid signature out of them. */
export function isSoundSignature(signature: Uint8Array): boolean {
  return signature.byteLength === 64 && littleEndian(signature.subarray(32)) < groupOrder;
}

/** Reads exact lower-case hex of `bytes` bytes; undefined when it is anything else. */
export function exactHex(text: string, bytes: number): Uint8Array | undefined {
  if (text.length !== bytes * 2 || !/^[0-9a-f]*$/.test(text)) return undefined;
  return Buffer.from(text, 'hex');
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
