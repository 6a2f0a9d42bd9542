import { describe, expect, it } from 'vitest';
import { GaugeForecast } from '@bellwether/control-plane/alerts/forecast-gauge';
import { halfHoursOf, slotsPerDay } from '@bellwether/control-plane/alerts/forecast-half-hours';
import { GaugeHistory } from '@bellwether/control-plane/alerts/forecast-history';
import { dayMinutes, sampleAt } from '@bellwether/control-plane/alerts/forecast-series';
import { seededDice } from '../../support/dice.js';
import { gaugeAt, noisySeries } from '../../support/gauge-series.js';

describe('the history of a gauge', () => {
  const first = 1000;
  const until = first + 20 * dayMinutes;
  const history = new GaugeHistory(first);
  const { values } = noisySeries(seededDice(1), until, { valueAt: () => 50 });
  for (let minute = first; minute < until; minute++) history.put(minute, values[minute] ?? Number.NaN);

  it('keeps minutes of nearly two days and half hours of a week, as the whole series has them', () => {
    for (let ago = 1; ago < 2 * dayMinutes - 30; ago++) {
      expect(sampleAt(history, until - ago)).toBe(Math.fround(values[until - ago] ?? 0));
    }
    const { startSlot, medians } = history.halfHours;
    const whole = halfHoursOf({ startMinute: 0, values: Float32Array.from(values) });
    const week = 7 * slotsPerDay;
    for (let i = medians.length - week - 1; i < medians.length - 1; i++) {
      expect(medians[i]).toBeCloseTo(whole.medians[startSlot + i] ?? Number.NaN, 4);
    }
  });

  it('takes what comes late and twice, and forgets what was before a long silence', () => {
    history.put(until - 5, 7);
    history.put(3, 7);
    expect(sampleAt(history, until - 5)).toBe(7);
    expect(sampleAt(history, 3)).toBeNaN();
    const later = until + 100 * dayMinutes;
    history.put(later, 9);
    expect(sampleAt(history, later)).toBe(9);
    expect(history.values.filter((value) => !Number.isNaN(value))).toHaveLength(1);
    expect(history.halfHours.medians).toEqual(Array.from({ length: 8 * slotsPerDay }, () => Number.NaN));
  });
});

describe('a gauge', () => {
  it('is announced before it reaches its limit, once, and is silent again when it has gone back', () => {
    const onset = 3 * dayMinutes;
    const valueAt = (minute: number) => 50 + (minute < onset || minute > onset + 100 ? 0 : (minute - onset) / 3);
    const { values } = noisySeries(seededDice(2), onset + 400, { valueAt, deviation: 3 });
    const gauge = new GaugeForecast({ limit: 100, horizonMinutes: 360 }, 0);
    const changes: number[] = [];
    let was = gauge.state.announcement.phase;
    for (const [minute, value] of values.subarray(0, onset).entries()) gauge.remember(minute, value);
    for (let minute = onset; minute < values.length; minute++) {
      const value = values[minute] ?? Number.NaN;
      const { announcement } = gauge.take(minute, value);
      if (announcement.phase !== was) changes.push(minute - onset);
      was = announcement.phase;
    }
    expect(changes).toHaveLength(2);
    expect(changes[0]).toBeGreaterThan(0);
    expect(changes[0]).toBeLessThan(90);
    expect(was).toBe('silent');
  });

  it('is not announced where nothing happens: four days without a wave, and four with one', () => {
    for (const amplitude of [0, 15]) {
      const wave = { base: 50, amplitude, phase: 100 };
      const { values } = noisySeries(seededDice(4), 7 * dayMinutes, { valueAt: (minute) => gaugeAt(wave, minute) });
      const gauge = new GaugeForecast({ limit: 100, horizonMinutes: 360 }, 0);
      for (const [minute, value] of values.subarray(0, 3 * dayMinutes).entries()) gauge.remember(minute, value);
      const announced = values.filter((value, minute) => {
        return minute >= 3 * dayMinutes && gauge.take(minute, value).announcement.phase === 'announced';
      });
      expect(announced).toHaveLength(0);
    }
  });

  it('is not looked at again for a sample that comes late', () => {
    const gauge = new GaugeForecast({ limit: 100, horizonMinutes: 360 }, 0);
    const state = gauge.take(100, 50);
    expect(gauge.take(90, 1e9)).toBe(state);
    expect(gauge.take(100, 1e9)).toBe(state);
  });
});
