import { describe, expect, it } from 'vitest';
import { agoText, bytesText, labelsText, numberText, timeText } from '@bellwether/control-plane/cli/units';

describe('quantities for people', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [178_300, '178.3 kB'],
    [2_300_000, '2.3 MB'],
    [16 * 1024 ** 3, '17.2 GB'],
    [5e15, '5000.0 TB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it.each([
    [-5000, '0 s ago'],
    [119_000, '119 s ago'],
    [120_000, '2 min ago'],
    [7_200_000, '2 h ago'],
    [172_800_000, '2 d ago'],
  ])('%i ms are %s', (ms, text) => {
    expect(agoText(1_000_000_000, 1_000_000_000 + ms)).toBe(text);
    expect(agoText(null, ms)).toBe('never');
  });

  it.each([
    [0, '0'],
    [1000, '1000'],
    [14_900, '14900'],
    [123_456_789, '123456789'],
    [0.25, '0.25'],
    [29.7161, '29.72'],
    [12_345.6, '12350'],
  ])('%d as a measured number is %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  it('are plain for times and labels', () => {
    expect(timeText(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('2026-01-02 03:04:05 UTC');
    expect(labelsText({ site: 'a', hardware: 'rpi4' })).toBe('hardware=rpi4,site=a');
    expect(labelsText({})).toBe('–');
  });
});
