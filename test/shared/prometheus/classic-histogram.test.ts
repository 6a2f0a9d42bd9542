import { array, assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyHistogram, record } from '@bellwether/shared/evidence/histogram';
import { classicHistogram, delayBounds, latencyBounds } from '@bellwether/shared/prometheus/classic-histogram';

const microseconds = { labels: {}, bounds: latencyBounds, perSecond: 1_000_000 };
const histogramOf = (values: readonly number[]) => {
  const histogram = emptyHistogram();
  for (const value of values) record(histogram, value);
  return histogram;
};

describe('a classic histogram', () => {
  it('has ascending bounds from 50 microseconds to 10 seconds, and to a week', () => {
    expect([latencyBounds[0], latencyBounds.at(-1), latencyBounds.length]).toEqual([0.00005, 10, 54]);
    for (const bounds of [latencyBounds, delayBounds]) expect([...bounds].sort((a, b) => a - b)).toEqual(bounds);
  });

  it('counts what is not above a bound, which is exact within 1.1 %', () => {
    assert(
      property(array(integer({ min: 0, max: 30_000_000 }), { maxLength: 200 }), (values) => {
        const { buckets, count, sum } = classicHistogram(histogramOf(values), microseconds);
        expect([count, sum]).toEqual([values.length, values.reduce((a, b) => a + b, 0) / 1_000_000]);
        for (const [bound, below] of buckets) {
          const upTo = (limit: number) => values.filter((value) => value <= limit * 1_000_000).length;
          expect(below).toBeGreaterThanOrEqual(upTo(bound * 0.989));
          expect(below).toBeLessThanOrEqual(upTo(bound * 1.011));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('counts what is below the first bound in all, and what is above the last in none', () => {
    const { buckets, count } = classicHistogram(histogramOf([0, 1, 5e9, 2 ** 33]), microseconds);
    expect(new Set(buckets.map(([, below]) => below))).toEqual(new Set([2]));
    expect(count).toBe(4);
  });
});
