import { describe, expect, it } from 'vitest';
import { isProbationOver, probationLookMs } from '@bellwether/agent/installs/probation';

const limits = { minutes: 10, calls: 100, maxHours: 24 };
const minute = 60_000;
const hour = 60 * minute;

describe('probation', () => {
  it.each([
    { servedMs: 10 * minute - 1, calls: 1_000_000, over: false, why: 'calls alone do not end it' },
    { servedMs: 23 * hour, calls: 99, over: false, why: 'time alone does not end it' },
    { servedMs: 10 * minute, calls: 100, over: true, why: 'both end it' },
    { servedMs: 24 * hour, calls: 0, over: true, why: 'a model that nobody calls settles after the last hour' },
  ])('$why', ({ servedMs, calls, over }) => {
    expect(isProbationOver({ servedMs, calls }, limits)).toBe(over);
  });

  it('is looked at again when its minutes are over', () => {
    expect(probationLookMs({ servedMs: 4 * minute, calls: 0 }, limits)).toBe(6 * minute);
  });

  it('is left alone while only calls are missing: the last one of them tells', () => {
    expect(probationLookMs({ servedMs: hour, calls: 3 }, limits)).toBe(23 * hour);
  });

  it('is looked at no later than its last hour', () => {
    expect(probationLookMs({ servedMs: 24 * hour - 7, calls: 3 }, limits)).toBe(7);
  });
});
