import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signEd25519, verifyEd25519 } from '@bellwether/shared/signing/ed25519';
import { publicKeyOf, signEd25519Nacl, verifyEd25519Nacl } from '@bellwether/shared/signing/ed25519-nacl';
import { exactHex } from '@bellwether/shared/signing/ed25519-strict';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { readVector } from '../../support/vectors.js';

const { vectors } = readVector<{
  vectors: { seed: string; publicKey: string; message: string; signature: string }[];
}>('ed25519');

const implementations = [
  { name: 'node:crypto', verify: verifyEd25519, sign: signEd25519 },
  { name: 'tweetnacl', verify: verifyEd25519Nacl, sign: signEd25519Nacl },
];
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const publicKey = publicKeyOf(seed);
const message = Buffer.from('the flock follows the bellwether');
const signature = signEd25519(seed, message);

const order = 2n ** 252n + 27742317777372353535851937790883648493n;
const prime = 2n ** 255n - 19n;
const littleEndian = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
const valueOf = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

/** Encodings of the eight points of small order, with either sign bit, canonical or not. */
const smallOrder = [
  0n,
  1n,
  prime - 1n,
  prime,
  prime + 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7n,
].flatMap((y) => [y, y + 2n ** 255n].map((value) => hex(littleEndian(value))));

describe.each(implementations)('Ed25519 by $name', ({ verify, sign }) => {
  it.each(vectors)('signs and verifies the vector of RFC 8032 with the message "$message"', (vector) => {
    const text = Buffer.from(vector.message, 'hex');
    expect(publicKeyOf(vector.seed)).toBe(vector.publicKey);
    expect(hex(sign(vector.seed, text))).toBe(vector.signature);
    expect(verify(vector.publicKey, text, Buffer.from(vector.signature, 'hex'))).toBe(true);
  });

  it('refuses another message, key or signature', () => {
    expect(verify(publicKey, Buffer.from('another'), signature)).toBe(false);
    expect(verify(generateKeyPair().publicKey, message, signature)).toBe(false);
    for (const bit of [0, 7, 255, 256, 300, 511]) {
      const other = Buffer.from(signature);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verify(publicKey, message, other)).toBe(false);
    }
  });

  it('refuses S + L, which the curve alone would take', () => {
    const s = valueOf(signature.subarray(32));
    const malleable = Buffer.concat([signature.subarray(0, 32), littleEndian(s + order)]);
    expect(verify(publicKey, message, malleable)).toBe(false);
    const atOrder = Buffer.concat([signature.subarray(0, 32), littleEndian(order)]);
    expect(verify(publicKey, message, atOrder)).toBe(false);
  });

  it.each(smallOrder)('refuses the key %s of small order, under which S = 0 fits every message', (key) => {
    const trivial = Buffer.concat([littleEndian(1n), littleEndian(0n)]);
    for (let i = 0; i < 16; i++) expect(verify(key, Buffer.from(`message ${i}`), trivial)).toBe(false);
  });

  it('refuses a key whose y is not below p, and one that is not on the curve', () => {
    for (const y of [prime + 2n, prime + 18n, 2n ** 255n - 1n]) {
      expect(verify(hex(littleEndian(y)), message, signature)).toBe(false);
    }
    expect(verify(hex(littleEndian(2n)), message, signature)).toBe(false);
  });

  it.each([
    ['', ''],
    ['upper case', publicKey.toUpperCase()],
    ['a digit less', publicKey.slice(1)],
    ['a digit more', `${publicKey}0`],
    ['a space', ` ${publicKey.slice(1)}`],
    ['no hex', 'g'.repeat(64)],
  ])('refuses a key with %s', (_name, key) => {
    expect(verify(key, message, signature)).toBe(false);
  });

  it.each([0, 1, 63, 65, 128])('refuses a signature of %i bytes', (length) => {
    expect(verify(publicKey, message, new Uint8Array(length))).toBe(false);
  });

  it('signs with nothing but a seed of 64 lower-case hex digits', () => {
    for (const bad of ['', seed.toUpperCase(), seed.slice(2), `${seed}00`])
      expect(() => sign(bad, message)).toThrow(TypeError);
  });
});

describe('the two implementations', () => {
  const hexOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(hex);

  it('make the same signatures, and each takes the other’s', () => {
    fc.assert(
      fc.property(hexOf(32), fc.uint8Array({ maxLength: 300 }), (anySeed, text) => {
        const signatures = implementations.map(({ sign }) => sign(anySeed, text));
        const [first = new Uint8Array()] = signatures;
        expect(signatures.map(hex)).toEqual([hex(first), hex(first)]);
        for (const { verify } of implementations) expect(verify(publicKeyOf(anySeed), text, first)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('give the same answer to anything', () => {
    const key = fc.oneof(hexOf(32), fc.constant(publicKey), fc.constantFrom(...smallOrder));
    const anySignature = fc.oneof(
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      fc.nat({ max: 511 }).map((bit) => {
        const other = Buffer.from(signature);
        other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return other;
      }),
      fc.constant(signature),
    );
    const text = fc.constantFrom(message, Buffer.from('another'));
    fc.assert(
      fc.property(key, text, anySignature, (anyKey, anyText, one) => {
        expect(verifyEd25519Nacl(anyKey, anyText, one)).toBe(verifyEd25519(anyKey, anyText, one));
      }),
      { numRuns: 150 },
    );
  });
});

describe('exact hex', () => {
  it('is read only in its one form', () => {
    expect(exactHex('00ff', 2)).toEqual(Buffer.from([0, 255]));
    for (const bad of ['00f', '00FF', '00fg', '00ff00', '0x00']) expect(exactHex(bad, 2)).toBeUndefined();
  });
});
