import { describe, expect, it } from 'vitest';
import { fleetReadings } from '@bellwether/control-plane/alerts/fleet-readings';
import type { Device } from '@bellwether/control-plane/fleet/device';
import { storedDevice } from '../../support/stored-device.js';
import { deviceId, reportOf } from '../../support/telemetry-messages.js';

const startedAtMs = 10_000_000;
const readings = (device: Partial<Device>, afterStartMs: number, windowMs?: number) => {
  const sight = { devices: [storedDevice(device)], nowMs: startedAtMs + afterStartMs, startedAtMs, raiseSeconds: 300 };
  return [...fleetReadings({ ...sight, windowMsOf: () => windowMs })];
};

describe('fleetReadings', () => {
  it('tells how long a device has said nothing', () => {
    const seen = { lastSeenMs: startedAtMs, presence: 'offline' } as const;
    expect(readings(seen, 1000)).toEqual([]);
    expect(readings(seen, 400_000, 3_600_000)).toMatchObject([
      { rule: 'device-silent', value: 400, sinceMs: startedAtMs },
    ]);
  });

  it('bears a device whose windows are long', () => {
    const seen = { lastSeenMs: startedAtMs, presence: 'online' } as const;
    expect(readings(seen, 400_000, 120_000)).toEqual([]);
    expect(readings(seen, 481_000, 120_000)).toMatchObject([{ value: 481 }]);
  });

  it('does not blame a device for what the server slept through, nor forget it', () => {
    const before = { lastSeenMs: startedAtMs - 5_000_000, presence: 'offline' } as const;
    expect(readings(before, 1000)).toMatchObject([{ value: null }]);
    expect(readings(before, 299_000)).toMatchObject([{ value: null }]);
    expect(readings(before, 300_000)).toMatchObject([{ value: 5300 }]);
  });

  it('tells of a device that died while the server was away, whose last will nobody heard', () => {
    const before = { lastSeenMs: startedAtMs - 60_000, presence: 'online' } as const;
    expect(readings(before, 299_000, 60_000)).toMatchObject([{ value: null }]);
    expect(readings(before, 300_000, 60_000)).toMatchObject([{ value: 360 }]);
    expect(readings(before, 3_600_000)).toMatchObject([{ value: null }]);
  });

  it('asks how long windows are only of those that may be silent', () => {
    const windowMsOf = () => expect.unreachable('it is read from disk');
    const device = storedDevice({ lastSeenMs: startedAtMs - 60_000, presence: 'online' });
    const sight = { devices: [device], startedAtMs, nowMs: startedAtMs + 299_000, raiseSeconds: 300, windowMsOf };
    expect([...fleetReadings(sight)]).toMatchObject([{ value: null }]);
  });

  it('says nothing of a device that never came', () => {
    expect(readings({ lastSeenMs: null }, 1_000_000)).toEqual([]);
  });

  it('tells what was refused, and of what may pass by itself only after ten minutes', () => {
    const refusal = (kind: 'permanent' | 'passing') => {
      const code = kind === 'permanent' ? 'blob-digest' : 'disk';
      const model = {
        model: 'digits',
        serving: null,
        install: null,
        refusal: { version: '1.1.0', manifest: 'a'.repeat(64), code, message: '', atMs: startedAtMs, kind },
      };
      return { lastSeenMs: startedAtMs, report: reportOf({ models: [model] }) };
    };
    const subject = { model: 'digits', version: '1.1.0' };
    const refused = { rule: 'release-refused', subject, device: deviceId, value: 1 };
    expect(readings(refusal('permanent'), 0)).toEqual([{ ...refused, detail: 'blob-digest' }]);
    expect(readings(refusal('passing'), 599_000).filter(({ rule }) => rule === 'release-refused')).toEqual([]);
    expect(readings(refusal('passing'), 600_000)).toContainEqual({ ...refused, detail: 'disk' });
  });
});
