import { describe, expect, it } from 'vitest';
import { halfHoursOf } from '@bellwether/control-plane/alerts/forecast-half-hours';
import { learnNormal, normalAt } from '@bellwether/control-plane/alerts/forecast-normal';
import { median, neighbourCorrelation, spreadAboutZero } from '@bellwether/control-plane/alerts/forecast-robust';
import { dayMinutes, type MinuteSeries } from '@bellwether/control-plane/alerts/forecast-series';
import { seededDice } from '../../support/dice.js';
import { type Gauge, gaugeAt, noisySeries } from '../../support/gauge-series.js';

const wave: Gauge = { base: 45, amplitude: 20, phase: 300 };
const days = 5;
const past = (series: MinuteSeries) => ({ series, halfHours: halfHoursOf(series) });
const learn = (seed: number, valueAt: (minute: number) => number, edit = (values: Float64Array) => values) => {
  const { values } = noisySeries(seededDice(seed), days * dayMinutes, { valueAt });
  return learnNormal(past({ startMinute: 0, values: edit(values) }), days * dayMinutes, 0.1);
};

describe('robust statistics', () => {
  it('are the middle of what there is', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([10, 9, 100, 1])).toBe(9.5);
    expect(median([])).toBeNaN();
  });

  it('find the noise of an AR(1) through one sample in thirty that is anything', () => {
    const dice = seededDice(11);
    const { values } = noisySeries(dice, 20_000, { valueAt: () => 0, deviation: 5, correlation: 0.8 });
    const hurt = Array.from(values, (value) => (dice() < 1 / 30 ? 1000 * (dice() - 0.5) : value));
    const spread = spreadAboutZero(hurt);
    expect(spread).toBeGreaterThan(4.7);
    expect(spread).toBeLessThan(5.7);
    expect(neighbourCorrelation(hurt, spread, 0.98)).toBeCloseTo(0.8, 1);
    expect(neighbourCorrelation([...values], 5, 0.98)).toBeCloseTo(0.8, 1);
    expect(neighbourCorrelation([...values], 5, 0.7)).toBe(0.7);
  });
});

describe('what is normal', () => {
  it('is the wave of the day, without its noise', () => {
    const normal = learn(1, (minute) => gaugeAt(wave, minute));
    if (normal === undefined) throw new Error('nothing was learnt');
    const misses = Array.from({ length: dayMinutes }, (_, i) => {
      const minute = days * dayMinutes + i;
      return Math.abs(normalAt(normal, minute) - gaugeAt(wave, minute));
    });
    // A day's wave is 20 high, its noise 5: the profile is off by less than a third of the noise nearly everywhere.
    expect(median(misses)).toBeLessThan(1);
    expect(misses.filter((miss) => miss > 2.5).length).toBeLessThan(dayMinutes / 20);
    expect(normal.correlation).toBeCloseTo(0.8, 1);
    expect(normal.scale).toBeGreaterThan(2.7);
    expect(normal.scale).toBeLessThan(3.3);
  });

  it('goes on along the steady change of days', () => {
    const normal = learn(2, (minute) => gaugeAt(wave, minute) + (4 * minute) / dayMinutes);
    expect((normal?.slopePerMinute ?? Number.NaN) * dayMinutes).toBeCloseTo(4, 0);
    if (normal === undefined) throw new Error('nothing was learnt');
    const tomorrow = days * dayMinutes + 600;
    expect(Math.abs(normalAt(normal, tomorrow) - gaugeAt(wave, tomorrow) - (4 * tomorrow) / dayMinutes)).toBeLessThan(
      3,
    );
  });

  it('is at the level of the last day, since whatever moved it may stay', () => {
    const normal = learn(6, (minute) => gaugeAt(wave, minute) + (minute < (days - 1) * dayMinutes ? 0 : 15));
    if (normal === undefined) throw new Error('nothing was learnt');
    const next = Array.from({ length: 360 }, (_, i) => days * dayMinutes + i);
    const misses = next.map((minute) => normalAt(normal, minute) - gaugeAt(wave, minute) - 15);
    // A day that differs is a little of a slope as well.
    expect(Math.abs(median(misses))).toBeLessThan(4);
  });

  it('is not moved by outliers, nor by an hour in each day without samples', () => {
    const whole = learn(3, (minute) => gaugeAt(wave, minute));
    const hurt = learn(
      3,
      (minute) => gaugeAt(wave, minute),
      (values) =>
        values.map((value, i) =>
          i % 30 === 7 ? 1e6 : i % dayMinutes >= 700 && i % dayMinutes < 715 ? Number.NaN : value,
        ),
    );
    if (whole === undefined || hurt === undefined) throw new Error('nothing was learnt');
    for (const minute of [7300, 7500, 7900, 8500]) {
      expect(Math.abs(normalAt(hurt, minute) - normalAt(whole, minute))).toBeLessThan(1.5);
    }
  });

  it('is not known before two whole days are over, nor where a half hour of the day is always missing', () => {
    const { values } = noisySeries(seededDice(4), 3 * dayMinutes, { valueAt: () => 50 });
    const until = (minute: number, series = { startMinute: 0, values }) => learnNormal(past(series), minute, 0.1);
    expect(until(2 * dayMinutes - 1)).toBeUndefined();
    expect(until(2 * dayMinutes)).toBeDefined();
    const gap = values.map((value, i) => (i % dayMinutes >= 600 && i % dayMinutes < 630 ? Number.NaN : value));
    expect(until(3 * dayMinutes, { startMinute: 0, values: gap })).toBeUndefined();
  });

  it('takes a gauge that never moves for one with a little noise', () => {
    expect(
      learn(
        5,
        () => 50,
        (values) => values.fill(50),
      )?.scale,
    ).toBe(0.1);
  });
});
