import { describe, expect, it } from 'vitest';
import type { Normal } from '@bellwether/control-plane/alerts/forecast-normal';
import { findOnset } from '@bellwether/control-plane/alerts/forecast-onset';
import { seededDice } from '../../support/dice.js';
import { noisySeries } from '../../support/gauge-series.js';

/** A gauge at 50 with an AR(1) of deviation 5. */
const normal: Normal = {
  profile: Array.from({ length: 48 }, () => 50),
  slopePerMinute: 0,
  slopeError: 1,
  anchorMinute: 0,
  correlation: 0.8,
  scale: 3,
};
const minutes = 600;
const last = minutes - 1;
const seeds = Array.from({ length: 40 }, (_, i) => i + 1);
const at = (minute: number, values: ArrayLike<number>, leastScore = 0) => {
  return findOnset({ startMinute: 0, values }, { normal, minute, leastScore });
};
const series = (seed: number, valueAt: (minute: number) => number) => {
  return noisySeries(seededDice(seed), minutes, { valueAt }).values;
};
const ramp = (slope: number, since: number) => (minute: number) => 50 + slope * Math.max(0, minute - since);

describe('the onset of a rise', () => {
  it('is found with its slope and its beginning', () => {
    const found = seeds.map((seed) => at(last, series(seed, ramp(0.5, last - 60))));
    expect(found.every((onset) => onset !== undefined && onset.score > 5 && !onset.isShift)).toBe(true);
    const close = found.filter((onset) => {
      return Math.abs((onset?.slopePerMinute ?? 0) - 0.5) < 0.2 && Math.abs((onset?.minutes ?? 0) - 60) < 25;
    });
    expect(close.length).toBeGreaterThanOrEqual(0.8 * seeds.length);
  });

  it('has an interval that holds the true slope nine times in ten', () => {
    const inside = seeds.filter((seed) => {
      const ranges = at(last, series(seed, ramp(0.5, last - 60)))?.ranges ?? [];
      return ranges.some(({ slowest }) => slowest <= 0.5) && ranges.some(({ fastest }) => fastest >= 0.5);
    });
    expect(inside.length).toBeGreaterThanOrEqual(0.85 * seeds.length);
  });

  it('is the same by the sums of its definition', () => {
    const values = series(7, ramp(0.4, last - 45));
    const onset = at(last, values);
    const k = onset?.minutes ?? 0;
    let [along, weight] = [0, 0];
    for (let j = 1; j <= k; j++) {
      const minute = last - k + j;
      const e = ((values[minute] ?? 0) - 50 - 0.8 * ((values[minute - 1] ?? 0) - 50)) / 3;
      const c = 0.2 * j + 0.8;
      along += c * Math.max(-3.5, Math.min(3.5, e));
      weight += c * c;
    }
    expect(onset?.score).toBeCloseTo(along / Math.sqrt(weight), 9);
    expect(onset?.slopePerMinute).toBeCloseTo((3 * along) / weight, 9);
    expect(onset?.error).toBeCloseTo(3 / Math.sqrt(weight), 9);
  });

  it('is no step, new or old: that goes nowhere', () => {
    const rises = [10, 25, 60, 200, 500].map((since) => {
      return seeds.filter((seed) => {
        const onset = at(
          last,
          series(seed, (minute) => (minute > last - since ? 75 : 50)),
        );
        return onset !== undefined && onset.score >= 4.8 && !onset.isShift;
      }).length;
    });
    expect(Math.max(...rises)).toBeLessThanOrEqual(4);
  });

  it('is no outlier, and not hidden by one', () => {
    for (const seed of seeds) {
      const spiked = series(seed, () => 50);
      spiked[last - 1] = 5000;
      expect(at(last, spiked)?.score ?? 0).toBeLessThan(4.8);
      const rising = series(seed, ramp(0.8, last - 60));
      rising[last - 20] = -5000;
      expect(at(last, rising)?.score).toBeGreaterThan(4.8);
    }
  });

  it('is found through gaps, and not where hardly anything is there', () => {
    const rising = series(3, ramp(0.8, last - 60));
    expect(
      at(
        last,
        rising.map((value, i) => (i % 5 === 0 ? Number.NaN : value)),
      )?.score,
    ).toBeGreaterThan(4.8);
    expect(
      at(
        last,
        rising.map((value, i) => (i % 5 === 0 ? value : Number.NaN)),
      ),
    ).toBeUndefined();
    expect(at(last, rising.fill(Number.NaN, 0, last - 2))).toBeUndefined();
  });

  it('is nothing below the least score that is asked for', () => {
    expect(at(last, series(3, ramp(0.5, last - 60)), 1000)).toBeUndefined();
  });
});
