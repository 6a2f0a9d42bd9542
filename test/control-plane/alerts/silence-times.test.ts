import { describe, expect, it } from 'vitest';
import { holds, silentTime } from '@bellwether/control-plane/alerts/silence-times';

const at = (text: string): number => Date.parse(text);
const texts = (time: ReturnType<typeof silentTime>) => {
  return time === null ? null : [time.fromMs, time.untilMs].map((ms) => new Date(ms).toISOString().slice(0, 16));
};
const year = { fromMs: at('2026-01-01T00:00Z'), untilMs: at('2027-01-01T00:00Z') };
/** Every night from ten to six at a site in Berlin. */
const nightly = { ...year, every: { cron: '0 22 * * *', timeZone: 'Europe/Berlin', minutes: 480 } };

describe('the times of a silence', () => {
  it('are one where nothing recurs', () => {
    expect(silentTime(year, 0)).toEqual(year);
    expect([year.fromMs - 1, year.fromMs, year.untilMs - 1, year.untilMs].map((ms) => holds(year, ms))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(silentTime(year, year.untilMs)).toBeNull();
  });

  it.each([
    ['before it', '2026-11-23T20:59:59Z', false, ['2026-11-23T21:00', '2026-11-24T05:00']],
    ['when it begins, in its own time zone', '2026-11-23T21:00Z', true, ['2026-11-23T21:00', '2026-11-24T05:00']],
    ['after midnight', '2026-11-24T04:59:59Z', true, ['2026-11-23T21:00', '2026-11-24T05:00']],
    ['when it ends', '2026-11-24T05:00Z', false, ['2026-11-24T21:00', '2026-11-25T05:00']],
    ['in summer time', '2026-07-01T20:00Z', true, ['2026-07-01T20:00', '2026-07-02T04:00']],
  ] as const)('come again every night: %s', (_, now, is, time) => {
    expect(holds(nightly, at(now))).toBe(is);
    expect(texts(silentTime(nightly, at(now)))).toEqual(time);
  });

  it('lie between the first and the last of them', () => {
    const some = { ...nightly, fromMs: at('2026-11-23T23:00Z'), untilMs: at('2026-11-25T01:00Z') };
    expect(texts(silentTime(some, at('2026-11-23T22:00Z')))).toEqual(['2026-11-23T23:00', '2026-11-24T05:00']);
    expect(texts(silentTime(some, at('2026-11-20T12:00Z')))).toEqual(['2026-11-23T23:00', '2026-11-24T05:00']);
    expect(holds(some, at('2026-11-23T22:00Z'))).toBe(false);
    expect(texts(silentTime(some, at('2026-11-24T12:00Z')))).toEqual(['2026-11-24T21:00', '2026-11-25T01:00']);
    expect(silentTime({ ...some, untilMs: at('2026-11-24T21:00Z') }, at('2026-11-24T12:00Z'))).toBeNull();
    expect(silentTime(some, at('2026-11-25T01:00Z'))).toBeNull();
  });
});
