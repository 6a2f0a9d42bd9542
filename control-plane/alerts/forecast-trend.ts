import { median, neighbourCorrelation, spreadAboutZero } from './forecast-robust.js';
import { type MinuteSeries, sampleAt, samplesBetween } from './forecast-series.js';

/** The window is rolled up into so many medians; so many of them must be there. */
const rollUps = 24;
const minRollUps = 18;
const maxCorrelation = 0.98;

/** A straight line through one window. */
export interface Trend {
  readonly slopePerMinute: number;
  /** Standard error of the slope. */
  readonly error: number;
  /** Of the line, in the middle of the window. */
  readonly middle: number;
  /** How many standard errors the slope is from flat. */
  readonly score: number;
}

/**
 * Theil–Sen's line (the median of the slopes between any two roll-ups) through the last `minutes` minutes, and how sure
 * it is: the error of a least-squares slope with as many samples as the noise, an AR(1), leaves independent of each other,
 * n(1−φ)/(1+φ). φ of short windows comes out too small by (1+3φ)/n, which is given back. Undefined where samples lack.
 * `resolution` is the least that the noise is taken for, in the gauge's unit.
 */
export function trendOf(
  series: MinuteSeries,
  { minute, minutes, resolution }: { readonly minute: number; readonly minutes: number; readonly resolution: number },
): Trend | undefined {
  const start = minute - minutes + 1;
  const each = Math.floor(minutes / rollUps);
  const points: { readonly at: number; readonly value: number }[] = [];
  for (let at = start; at + each <= minute + 1; at += each) {
    const samples = samplesBetween(series, at, at + each);
    if (samples.length * 2 > each) points.push({ at: at + (each - 1) / 2, value: median(samples) });
  }
  if (points.length < minRollUps) return undefined;
  const slopes = points.flatMap((a, i) => points.slice(i + 1).map((b) => (b.value - a.value) / (b.at - a.at)));
  const slopePerMinute = median(slopes);
  const center = start + (minutes - 1) / 2;
  const tilted = Array.from({ length: minutes }, (_, i) => {
    return sampleAt(series, start + i) - slopePerMinute * (start + i - center);
  });
  const middle = median(tilted.filter(Number.isFinite));
  const residuals = tilted.map((value) => value - middle);
  const spread = spreadAboutZero(residuals.filter(Number.isFinite));
  const short = neighbourCorrelation(residuals, spread, maxCorrelation);
  const correlation = Math.min(maxCorrelation, short + (1 + 3 * short) / minutes);
  const inflation = (1 + correlation) / (1 - correlation);
  const error = (Math.max(resolution, spread) * Math.sqrt(12 * inflation)) / minutes ** 1.5;
  return { slopePerMinute, error, middle, score: slopePerMinute / error };
}
