import { countOf, type Histogram } from '../evidence/histogram.js';
import type { HistogramSample, MetricLabels } from './exposition.js';

/** Upper bounds that people ask for, from 50 µs to 10 s: ten a decade, since Prometheus guesses between two of them. */
export const latencyBounds: readonly number[] = [-5, -4, -3, -2, -1, 0]
  .flatMap((exponent) => [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8].map((digits) => Number(`${digits}e${exponent}`)))
  .filter((seconds) => seconds >= 0.00005)
  .concat(10);

/** From a tenth of a second to a week: how late a window may come. */
export const delayBounds: readonly number[] = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21_600, 86_400, 604_800,
];

interface ClassicOptions {
  readonly labels: MetricLabels;
  /** In seconds, ascending. */
  readonly bounds: readonly number[];
  /** How many units of the histogram's integers make a second. */
  readonly perSecond: number;
}

/**
 * An exponential histogram as Prometheus' classic one. A bound counts at the nearest edge of our buckets: within 1.1 % of
 * what it says [W-5], and the counts are exact for that edge.
 */
export function classicHistogram(histogram: Histogram, { labels, bounds, perSecond }: ClassicOptions): HistogramSample {
  const sorted = [...histogram.buckets].sort(([a], [b]) => a - b);
  let next = 0;
  let below = histogram.zero;
  const buckets = bounds.map((bound) => {
    const last = Math.round(32 * Math.log2(bound * perSecond)) - 1;
    for (let entry = sorted[next]; entry !== undefined && entry[0] <= last; entry = sorted[++next]) below += entry[1];
    return [bound, below] as const;
  });
  return { labels, buckets, count: countOf(histogram), sum: histogram.sum / perSecond };
}
