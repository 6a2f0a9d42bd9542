import { deflateRawSync, deflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compacted, inflated } from '@bellwether/shared/contract/compact';
import { DecodeError } from '@bellwether/shared/contract/decode';
import { encodeWindow } from '@bellwether/shared/contract/window-encoding';
import { realWindow } from '../../support/real-window.js';
import { readVector } from '../../support/vectors.js';

const text = (payload: Uint8Array, maxBytes = 10_000): string =>
  Buffer.from(inflated(payload, 'window', maxBytes)).toString();

describe('a message in few bytes', () => {
  it('comes back as it went, as JSON, compacted or deflated by anybody', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (message) => {
        const json = JSON.stringify(message);
        expect(text(compacted(json), 1e6)).toBe(json);
        expect(text(deflateRawSync(json), 1e6)).toBe(json);
        expect(text(Buffer.from(json), 1e6)).toBe(json);
      }),
    );
  });

  it('is read as Python wrote it, so that its dictionary is still the same', () => {
    const { windows } = readVector<{ windows: { sent: object; compact: string }[] }>('contract/window-2');
    for (const { sent, compact } of windows) {
      expect(JSON.parse(text(Buffer.from(compact, 'base64')))).toEqual(sent);
    }
  });

  it('takes less than six tenths of a window, and raw deflate more', () => {
    const { features: _features, ...plain } = realWindow('pi-0123456789abcdef', 3, 1_760_000_000_000);
    const json = encodeWindow(plain);
    expect(compacted(json).length).toBeLessThan(json.length * 0.6);
    expect(deflateRawSync(json).length).toBeGreaterThan(json.length * 0.6);
  });

  it.each([
    ['grows beyond its limit', compacted(`{"a":"${' '.repeat(50_000)}"}`)],
    ['is raw and grows beyond its limit', deflateRawSync(Buffer.alloc(50_000, 0x20))],
    ['is cut', compacted('{"a":"bcdefghijklmnop"}').subarray(0, 12)],
    ['was made with another dictionary', deflateSync('{"version":2}', { dictionary: Buffer.from('another') })],
  ])('is refused when it %s', (_name, payload) => {
    expect(() => inflated(payload, 'window', 10_000)).toThrow(DecodeError);
  });
});
