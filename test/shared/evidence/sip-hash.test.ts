import { describe, expect, it } from 'vitest';
import { SipHash } from '@bellwether/shared/evidence/sip-hash';

const upTo = (length: number) => Uint8Array.from({ length }, (_, i) => i);
const hash = new SipHash(Buffer.from(upTo(16)).toString('hex'));

describe('SipHash-2-4', () => {
  // The vectors of the authors' reference implementation, whose bytes are least significant first.
  it.each([
    [0, '726fdb47dd0e0e31'],
    [1, '74f839c593dc67fd'],
    [8, '93f5f5799a932462'],
    [15, 'a129ca6149be45e5'],
    [63, '958a324ceb064572'],
  ])('of %i bytes is the reference’s', (length, expected) => {
    expect(hash.hex(upTo(length))).toBe(expected);
  });

  it('is a number below 1 with every bit of the hash’s upper 53', () => {
    expect(hash.unit(upTo(15))).toBe(Number(0xa129ca6149be45e5n >> 11n) / 2 ** 53);
  });

  it('takes no key of another length', () => {
    expect(() => new SipHash('00')).toThrow(RangeError);
  });
});

it('hashes what stands before every message but once, wherever it is cut', () => {
  const message = Buffer.from(Array.from({ length: 63 }, (_, i) => i));
  const whole = new SipHash('000102030405060708090a0b0c0d0e0f').hex(message);
  for (let cut = 0; cut <= message.length; cut++) {
    const hash = new SipHash('000102030405060708090a0b0c0d0e0f', message.subarray(0, cut));
    expect(hash.hex(message.subarray(cut))).toBe(whole);
    expect(hash.hex(message.subarray(cut))).toBe(whole);
  }
});
