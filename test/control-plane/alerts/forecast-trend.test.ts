import { describe, expect, it } from 'vitest';
import { trendOf } from '@bellwether/control-plane/alerts/forecast-trend';
import { seededDice } from '../../support/dice.js';
import { noisySeries } from '../../support/gauge-series.js';

const minutes = 240;
const window = { minute: minutes - 1, minutes, resolution: 0.1 };
const seeds = Array.from({ length: 200 }, (_, i) => i + 1);
const trend = (values: ArrayLike<number>) => trendOf({ startMinute: 0, values }, window);
const series = (seed: number, slope: number, correlation = 0.8) => {
  return noisySeries(seededDice(seed), minutes, { valueAt: (minute) => 40 + slope * minute, correlation }).values;
};

describe('a trend', () => {
  it('is the line itself where there is no noise', () => {
    const found = trend(Float64Array.from({ length: minutes }, (_, i) => 40 + 0.25 * i));
    expect(found?.slopePerMinute).toBeCloseTo(0.25, 12);
    expect(found?.middle).toBeCloseTo(40 + 0.25 * 119.5, 9);
  });

  it('is not moved by one sample in five that is anything', () => {
    const values = Float64Array.from({ length: minutes }, (_, i) => (i % 5 === 2 ? 1e6 : 40 + 0.25 * i));
    expect(trend(values)?.slopePerMinute).toBeCloseTo(0.25, 1);
  });

  it('knows how uncertain it is, whatever the noise has in common with itself', () => {
    for (const correlation of [0, 0.5, 0.8, 0.9]) {
      const scores = seeds
        .map((seed) => trend(series(seed, 0.1, correlation)))
        .map((found) => {
          return found === undefined ? Number.NaN : (found.slopePerMinute - 0.1) / found.error;
        });
      const deviation = Math.sqrt(scores.reduce((sum, score) => sum + score * score, 0) / scores.length);
      // Medians of roll-ups cost a little of least squares' precision; short windows some of the correlation.
      expect(deviation).toBeGreaterThan(0.75);
      expect(deviation).toBeLessThan(1.5);
    }
  });

  it('takes one gauge that never moves for flat, and is not there where a third of the samples lacks', () => {
    expect(trend(new Float64Array(minutes).fill(50))).toMatchObject({ slopePerMinute: 0, score: 0, middle: 50 });
    expect(trend(series(1, 0.1).fill(Number.NaN, 100, 180))).toBeUndefined();
    expect(trend(series(1, 0.1).fill(Number.NaN, 100, 130))).toBeDefined();
  });
});
