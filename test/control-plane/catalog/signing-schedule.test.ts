import { describe, expect, it } from 'vitest';
import { dueSigning, nextSigningAt } from '@bellwether/control-plane/catalog/signing-schedule';

const hour = 60 * 60 * 1000;
const day = 24 * hour;
const at = (snapshotMs: number, timestampMs: number) => ({
  snapshot: { version: 1, expiresMs: snapshotMs },
  timestamp: { version: 1, expiresMs: timestampMs },
});

describe('the signing schedule', () => {
  it('signs the timestamp at half of its day', () => {
    const signed = at(7 * day, day);
    expect(nextSigningAt(signed)).toBe(12 * hour);
    expect(dueSigning(signed, 12 * hour - 1)).toBeUndefined();
    expect(dueSigning(signed, 12 * hour)).toBe('timestamp');
  });

  it('signs the snapshot at half of its week, and the timestamp with it', () => {
    const signed = at(7 * day, 4.5 * day);
    expect(nextSigningAt(signed)).toBe(3.5 * day);
    expect(dueSigning(signed, 3.5 * day)).toBe('snapshot');
    expect(dueSigning(signed, 30 * day)).toBe('snapshot');
  });
});
