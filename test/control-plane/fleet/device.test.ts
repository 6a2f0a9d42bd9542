import { describe, expect, it } from 'vitest';
import { applyChange } from '@bellwether/control-plane/fleet/device';
import { storedDevice } from '../../support/stored-device.js';
import { reportOf } from '../../support/telemetry-messages.js';

const runs = { old: '1'.repeat(32), new: '2'.repeat(32) };
const device = storedDevice({
  presence: 'online',
  presenceRunId: runs.new,
  lastSeenMs: 500,
  report: reportOf({ runId: runs.new, sequence: 5 }),
});

describe('a device after a message', () => {
  it('keeps the newest report of a run, and takes that of another run', () => {
    const report = (runId: string, sequence: number) =>
      applyChange(device, { seenAtMs: 1, report: reportOf({ runId, sequence }) }).report;
    expect(report(runs.new, 4)?.sequence).toBe(5);
    expect(report(runs.new, 6)?.sequence).toBe(6);
    expect(report(runs.old, 0)?.runId).toBe(runs.old);
  });

  it('is not offline because of a last will that its next connection overtook', () => {
    const after = (state: 'online' | 'offline', runId: string) =>
      applyChange(device, { seenAtMs: 1, presence: { version: 1, state, runId } }).presence;
    expect(after('offline', runs.old)).toBe('online');
    expect(after('offline', runs.new)).toBe('offline');
    expect(after('online', runs.old)).toBe('online');
  });

  it('was seen at the latest arrival', () => {
    expect(applyChange(device, { seenAtMs: 400 }).lastSeenMs).toBe(500);
    expect(applyChange(device, { seenAtMs: 600 }).lastSeenMs).toBe(600);
  });
});
