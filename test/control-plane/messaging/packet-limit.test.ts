import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketLimit } from '@bellwether/control-plane/messaging/packet-limit';

/** An MQTT packet of a remaining length: type byte, length bytes, body. */
function packet(length: number): Buffer {
  const head = [0x30];
  let rest = length;
  do {
    head.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length, 0xff)]);
}

function admitsAll(limit: PacketLimit, bytes: Buffer, chunkBytes: number): boolean {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    if (!limit.admits(bytes.subarray(at, at + chunkBytes))) return false;
  }
  return true;
}

describe('the packet limit', () => {
  it('admits packets up to the limit and nothing above, however the bytes are cut', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 50 }), (all, chunkBytes) => {
        const bytes = Buffer.concat(all.map(packet));
        expect(admitsAll(new PacketLimit(300), bytes, chunkBytes)).toBe(all.every((length) => length <= 300));
      }),
    );
  });

  it('refuses a huge packet by its first bytes', () => {
    expect(new PacketLimit(1000).admits(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]))).toBe(false);
  });

  it('refuses a length of five bytes, which MQTT does not have', () => {
    expect(new PacketLimit(1000).admits(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x01]))).toBe(false);
  });
});
