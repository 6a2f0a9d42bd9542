import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import { armOf, bytesOf, deviceId, eventOf, reportOf, windowOf } from '../../support/telemetry-messages.js';

describe('a device’s message', () => {
  it('is read as what its topic says', () => {
    expect(decodeMessage(deviceId, 'window', bytesOf(windowOf()))).toMatchObject({
      kind: 'window',
      value: { sequence: 0 },
    });
    expect(decodeMessage(deviceId, 'report', bytesOf(reportOf()))).toMatchObject({ kind: 'report' });
    expect(decodeMessage(deviceId, 'event', bytesOf(eventOf()))).toMatchObject({ kind: 'event' });
  });

  it('may be deflated, and has the same digest then', () => {
    const plain = bytesOf(windowOf());
    const packed = decodeMessage(deviceId, 'window', deflateRawSync(plain));
    expect(packed.digest).toBe(decodeMessage(deviceId, 'window', plain).digest);
    expect(packed.json).toBe(plain.toString());
  });

  it('may have fields that this version does not know [W-3]', () => {
    expect(decodeMessage(deviceId, 'window', bytesOf({ ...windowOf(), news: 1 })).kind).toBe('window');
  });

  it.each([
    ['no JSON', Buffer.from('hello')],
    ['empty', Buffer.alloc(0)],
    ['cut off', bytesOf(windowOf()).subarray(0, 100)],
    ['without a field', bytesOf({ ...windowOf(), host: undefined })],
    ['of a device that did not send it', bytesOf(windowOf({ device: 'pi-fedcba9876543210' }))],
    ['of version 3', bytesOf({ ...windowOf(), version: 3 })],
    [
      'with a histogram of version 1 that cannot be read',
      bytesOf(windowOf({ arms: [armOf([5], { total: { zero: 0, overflow: 0, sum: 0, buckets: 'gA==' } })] })),
    ],
    ['with a histogram that cannot be read', bytesOf(windowOf({ arms: [armOf([5], { total: 'AAAAgA==' })] }))],
    [
      'with a counter under a key that no schema knows',
      bytesOf(windowOf({ arms: [armOf([], { errors: { 'No Code': 'many' as unknown as number } })] })),
    ],
    ['a deflate bomb', deflateRawSync(Buffer.alloc(50_000_000, 0x20))],
  ])('is refused with a reason when it is %s', (_name, payload) => {
    expect(() => decodeMessage(deviceId, 'window', payload)).toThrow(/./);
    try {
      decodeMessage(deviceId, 'window', payload);
    } catch (cause) {
      expect(cause).toMatchObject({ name: 'DecodeError' });
    }
  });
});
