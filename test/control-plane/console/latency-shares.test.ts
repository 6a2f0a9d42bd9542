import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latencyShares } from '@bellwether/control-plane/console/latency-shares';
import { countOf, emptyHistogram, quantile, record } from '@bellwether/shared/evidence/histogram';
import { encodeHistogram, type WireHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { readVector } from '../../support/vectors.js';

interface Vector {
  readonly encodings: readonly { readonly pairs: WireHistogram; readonly dense: string }[];
}

function histogramOf(micros: readonly number[]) {
  const histogram = emptyHistogram();
  for (const each of micros) record(histogram, each);
  return histogram;
}

describe('compute times of two arms on one axis', () => {
  it('are parts of the calls that add up to all of them, with the medians of the histograms themselves', () => {
    const times = fc.array(fc.integer({ min: 2, max: 5_000_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(times, times, (stable, canary) => {
        const { fromMs, toMs, series } = latencyShares(
          [stable, canary].map((arm) => encodeHistogram(histogramOf(arm))),
        );
        expect(fromMs).toBeLessThan(toMs);
        for (const [index, arm] of [stable, canary].entries()) {
          const { shares = [], medianMs } = series[index] ?? {};
          expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
          const histogram = histogramOf(arm);
          expect(countOf(histogram)).toBe(arm.length);
          // The upper edge of the bucket, against its middle: half a bucket apart.
          expect((medianMs ?? 0) / ((quantile(histogram, 0.5) ?? 0) / 1000)).toBeCloseTo(2 ** (0.5 / 32), 6);
        }
      }),
    );
  });

  it('are the same of a histogram as version 1 wrote it', () => {
    for (const { pairs, dense } of readVector<Vector>('histogram').encodings) {
      expect(latencyShares([pairs])).toEqual(latencyShares([dense]));
    }
  });

  it('lie where they are: a canary twice as slow is one doubling to the right', () => {
    const { series } = latencyShares([1000, 2000].map((micros) => encodeHistogram(histogramOf([micros]))));
    const [stable = -1, canary = -1] = series.map(({ shares }) => shares.indexOf(1));
    expect(canary - stable).toBe(8);
  });

  it('are nothing where nothing was measured', () => {
    const { series } = latencyShares([encodeHistogram(emptyHistogram()), encodeHistogram(histogramOf([500]))]);
    expect(series[0]).toMatchObject({ medianMs: null, p99Ms: null });
    expect(series[0]?.shares.some((share) => share !== 0)).toBe(false);
  });
});
