import { describe, expect, it } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatClock,
  formatCount,
  formatLeft,
  formatMs,
  formatPct,
  formatRate,
  splitDeviceId,
} from '@bellwether/control-plane/console/format';

it('what is left is never said to be more', () => {
  const minuteMs = 60_000;
  const texts = [-1, 59, 61, 47 * 60 + 59, 49 * 60].map((minutes) => formatLeft(minutes * minuteMs));
  expect(texts).toEqual(['0 minutes', '59 minutes', '1 hour', '47 hours', '2 days']);
});

describe('figures as people read them', () => {
  it.each([
    [formatRate, null, '–'],
    [formatRate, undefined, '–'],
    [formatRate, 0, '0'],
    [formatRate, 0.04, '0.0'],
    [formatRate, 12.34, '12.3'],
    [formatRate, 99.96, '100'],
    [formatMs, null, '–'],
    [formatMs, 0.126, '0.13 ms'],
    [formatMs, 9.999, '10.0 ms'],
    [formatMs, 12.34, '12.3 ms'],
    [formatMs, 99.96, '100 ms'],
    [formatMs, 999.6, '1.00 s'],
    [formatPct, null, '–'],
    [formatPct, 0, '0 %'],
    [formatPct, 2.04, '2.0 %'],
    [formatPct, 9.96, '10 %'],
    [formatPct, 100, '100 %'],
  ] as const)('%o writes %o as %o', (format, value, text) => {
    expect(format(value)).toBe(text);
  });

  it.each([
    [999, '999 B'],
    [1000, '1 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [12_345_678, '12.3 MB'],
    [999_950_000, '1.00 GB'],
  ] as const)('writes %o bytes as %o', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, 'now'],
    [2, 'now'],
    [3, '3 s ago'],
    [89, '89 s ago'],
    [90, '2 min ago'],
    [5400, '2 h ago'],
    [129_600, '2 days ago'],
  ] as const)('says of what was %o seconds ago: %o', (seconds, text) => {
    expect(formatAgo(1_000_000, 1_000_000 + seconds * 1000)).toBe(text);
  });

  it('says never, and bears a server whose clock is ahead', () => {
    expect(formatAgo(null, 0)).toBe('never');
    expect(formatAgo(5000, 0)).toBe('now');
  });

  it('writes the time of day with 24 hours', () => {
    expect(formatClock(new Date(2026, 0, 2, 0, 5, 3).getTime())).toBe('00:05:03');
    expect(formatClock(new Date(2026, 0, 2, 21, 5, 3).getTime())).toBe('21:05:03');
  });

  it('counts one and many', () => {
    expect([0, 1, 2].map((count) => formatCount(count, 'device'))).toEqual(['0 devices', '1 device', '2 devices']);
  });
});

describe('the id of a device', () => {
  it('is taken apart at its last dash', () => {
    expect(splitDeviceId('north-gate-0123456789abcdef')).toEqual({
      name: 'north-gate',
      fingerprint: '0123456789abcdef',
    });
  });

  it('stays whole when it is none', () => {
    expect(splitDeviceId('plain')).toEqual({ name: 'plain', fingerprint: '' });
  });
});
