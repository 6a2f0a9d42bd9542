import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lookAhead } from '@bellwether/control-plane/alerts/forecast';
import { type Announcement, announce, silent } from '@bellwether/control-plane/alerts/forecast-announcement';
import { halfHoursOf } from '@bellwether/control-plane/alerts/forecast-half-hours';
import { learnNormal as learn } from '@bellwether/control-plane/alerts/forecast-normal';
import { forecastOf, resolutionOf } from '@bellwether/control-plane/alerts/forecast-outlook';
import { dayMinutes, type MinuteSeries } from '@bellwether/control-plane/alerts/forecast-series';
import { seededDice } from '../../support/dice.js';
import { anyGauge, gaugeAt, noisySeries } from '../../support/gauge-series.js';

const limit = { limit: 100, horizonMinutes: 360 };
const onset = 4 * dayMinutes;
const learnNormal = (series: MinuteSeries, until: number, resolution: number) => {
  return learn({ series, halfHours: halfHoursOf(series) }, until, resolution);
};

/** A ramp from 50 to 100 in so many minutes, after four days of history; and what was normal until then. */
function rising(seed: number, minutes: number, isSeasonal = false) {
  const dice = seededDice(seed);
  const gauge = isSeasonal ? anyGauge(dice, true) : { base: 50, amplitude: 0, phase: 0 };
  const slope = (100 - gaugeAt(gauge, onset + minutes)) / minutes;
  const valueAt = (minute: number) => gaugeAt(gauge, minute) + slope * Math.max(0, minute - onset);
  const series = noisySeries(dice, onset + minutes, { valueAt });
  return { series, normal: learnNormal(series, onset - 60, resolutionOf(limit)) };
}

const seeds = Array.from({ length: 10 }, (_, i) => i + 1);

describe('looking ahead', () => {
  it('sees the limit before it comes, in an interval that mostly holds it', () => {
    let inside = 0;
    for (const seed of seeds) {
      const { series, normal } = rising(seed, 120, seed % 2 === 0);
      const outlook = lookAhead(series, { minute: onset + 80, normal, limit });
      expect(outlook).toMatchObject({ by: 'onset', isSure: true });
      if (outlook === null) throw new Error('no outlook');
      expect(outlook.earliestMinutes).toBeLessThanOrEqual(outlook.breachMinutes);
      expect(outlook.latestMinutes ?? 1e9).toBeGreaterThanOrEqual(outlook.breachMinutes);
      if (outlook.earliestMinutes <= 40 && (outlook.latestMinutes ?? 1e9) >= 40) inside++;
    }
    expect(inside).toBeGreaterThanOrEqual(8);
  });

  it('sees a slow rise from the last hours alone where there is no history', () => {
    const { series } = rising(1, 300);
    const alone = { startMinute: onset, values: series.values.subarray(onset) };
    const outlook = lookAhead(alone, { minute: onset + 250, normal: undefined, limit });
    expect(outlook).toMatchObject({ by: 'trend', isSure: true });
    expect(outlook?.breachMinutes).toBeGreaterThan(15);
    expect(outlook?.breachMinutes).toBeLessThan(120);
  });

  it('draws a line without history on for four hours and no further: a morning looks like one', () => {
    const { series } = rising(1, 700);
    const alone = { startMinute: onset, values: series.values.subarray(onset) };
    const at = (minute: number) => lookAhead(alone, { minute: onset + minute, normal: undefined, limit });
    expect(at(380)).toBeNull();
    expect(at(560)).toMatchObject({ by: 'trend', isSure: true });
  });

  it('sees days ahead that a disk is full which fills by as much every day, and not that one is which does not', () => {
    const days = (perDay: number) => {
      const valueAt = (minute: number) => 70 + (perDay * minute) / dayMinutes;
      const series = noisySeries(seededDice(8), 5 * dayMinutes, { valueAt, deviation: 0.5 });
      const minute = 5 * dayMinutes - 1;
      const normal = learnNormal(series, minute - 60, resolutionOf(limit));
      return lookAhead(series, { minute, normal, limit: { limit: 100, horizonMinutes: 3 * dayMinutes } });
    };
    const outlook = days(4);
    expect(outlook).toMatchObject({ by: 'steady', isSure: true });
    expect(Math.abs((outlook?.breachMinutes ?? 0) / dayMinutes - 2.5)).toBeLessThan(0.2);
    expect(outlook?.earliestMinutes).toBeLessThan(2.5 * dayMinutes);
    expect(days(0)?.isSure ?? false).toBe(false);
  });

  it('is silent where the limit is beyond the horizon', () => {
    const { series, normal } = rising(1, 120);
    expect(lookAhead(series, { minute: onset + 80, normal, limit: { limit: 1000, horizonMinutes: 360 } })).toBeNull();
    expect(lookAhead(series, { minute: onset + 80, normal, limit: { limit: 100, horizonMinutes: 5 } })).toBeNull();
  });

  it('says the same in any unit', () => {
    const { series, normal } = rising(3, 120);
    const want = lookAhead(series, { minute: onset + 70, normal, limit });
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1e9, noNaN: true }), (unit) => {
        const values = series.values.map((value) => value * unit);
        const scaled = { limit: 100 * unit, horizonMinutes: 360 };
        const usual = learnNormal({ startMinute: 0, values }, onset - 60, resolutionOf(scaled));
        const outlook = lookAhead({ startMinute: 0, values }, { minute: onset + 70, normal: usual, limit: scaled });
        expect(outlook?.breachMinutes).toBe(want?.breachMinutes);
        expect(outlook?.score).toBeCloseTo(want?.score ?? Number.NaN, 6);
      }),
      { numRuns: 8 },
    );
  });

  it('takes a wave of the day for what it is: without a profile the same hours would be a rise', () => {
    const gauge = { base: 60, amplitude: 25, phase: 0 };
    const series = noisySeries(seededDice(5), 5 * dayMinutes, {
      valueAt: (minute) => gaugeAt(gauge, minute),
      deviation: 2,
    });
    const normal = learnNormal(series, onset, resolutionOf(limit));
    const sure = (known: typeof normal) => {
      return Array.from({ length: 60 }, (_, i) => onset + i * 6).filter((minute) => {
        return lookAhead(series, { minute, normal: known, limit })?.isSure === true;
      }).length;
    };
    expect(sure(normal)).toBe(0);
    expect(sure(undefined)).toBeGreaterThan(5);
  });

  it('is told as an alert tells it', () => {
    const { series, normal } = rising(1, 120);
    const outlook = lookAhead(series, { minute: onset + 80, normal, limit });
    if (outlook === null) throw new Error('no outlook');
    expect(forecastOf(outlook, 1000)).toMatchObject({ atMs: 1000 + outlook.breachMinutes * 60_000 });
    expect(forecastOf({ ...outlook, latestMinutes: null }, 1000).latestMs).toBeNull();
  });
});

describe('an announcement', () => {
  const { series, normal } = rising(1, 120);
  const sure = lookAhead(series, { minute: onset + 80, normal, limit });
  if (sure === null) throw new Error('no outlook');
  const unsure = { ...sure, isSure: false };

  it('begins with a sure outlook, goes on with any, and ends half an hour after the last', () => {
    expect(announce(silent, null, 1)).toBe(silent);
    expect(announce(silent, unsure, 1)).toBe(silent);
    const begun = announce(silent, sure, 10);
    expect(begun).toEqual({ phase: 'announced', atMinute: 10, quietSince: null });
    const quiet = announce(begun, null, 20);
    expect(announce(quiet, null, 49)).toEqual({ phase: 'announced', atMinute: 10, quietSince: 20 });
    expect(announce(quiet, unsure, 49)).toEqual(begun);
    expect(announce(quiet, null, 50)).toBe(silent);
  });

  it('never ends within half an hour of an outlook, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(null, sure, unsure), { maxLength: 200 }), (outlooks) => {
        let state: Announcement = silent;
        let lastOutlook = Number.NEGATIVE_INFINITY;
        for (const [minute, each] of outlooks.entries()) {
          const before = state;
          if (each !== null) lastOutlook = minute;
          state = announce(state, each, minute);
          if (before.phase === 'announced' && state.phase === 'silent')
            expect(minute - lastOutlook).toBeGreaterThanOrEqual(30);
          if (before.phase === 'silent' && state.phase === 'announced') expect(each).toBe(sure);
        }
      }),
      { numRuns: 50 },
    );
  });
});
