import { type Normal, normalAt } from './forecast-normal.js';
import { type MinuteSeries, sampleAt } from './forecast-series.js';

/** How far back a rise may have begun, in minutes. */
const maxMinutes = 360;
/** What a single minute says is clipped here, in standard deviations: no outlier makes a rise. */
const clip = 3.5;
/** The first minute of a step may say more: clipped like the others a high step would look like a ramp. */
const stepClip = 6;
/** Fewer minutes say nothing, whatever they say. */
const minSamples = 4;

/** Slopes whose squared score is so much below the best are inside a 90 % interval (profile likelihood, chi-square of one). */
const insideSquare = 2.706;

/** A ramp that began so long ago. */
interface Fit {
  readonly minutes: number;
  readonly slopePerMinute: number;
  /** Standard error of the slope. */
  readonly error: number;
  /** How many standard deviations it stands out. */
  readonly score: number;
}

/** The slopes that a ramp which began so long ago may have. */
export interface SlopeRange {
  readonly minutes: number;
  readonly slowest: number;
  readonly fastest: number;
}

/** A rise from what is normal. */
export interface Onset extends Fit {
  /** A step, or having been elsewhere for long, explains it as well: then it goes nowhere. */
  readonly isShift: boolean;
  /** All ramps that fit nearly as well. */
  readonly ranges: readonly SlopeRange[];
}

/**
 * The rise that stands out most up to `minute`: deviations from normal, made independent by taking away what the minute
 * before foretold (AR(1)), against the same of a ramp that began k minutes ago, for every k up to six hours. With d = 1 − φ
 * the ramp's news in its j-th minute are c_j = d·j + φ, so that score = Σ c·e / √Σ c², slope = Σ c·e / Σ c². A step is
 * 1, d, d, …, and an old one d, d, d, …. Undefined where no ramp of enough samples has at least `leastScore`.
 */
export function findOnset(
  series: MinuteSeries,
  { normal, minute, leastScore }: { readonly normal: Normal; readonly minute: number; readonly leastScore: number },
): Onset | undefined {
  const { fits, shift } = fitRamps(series, normal, minute);
  let best: Fit | undefined;
  for (const fit of fits) if (best === undefined || fit.score > best.score) best = fit;
  if (best === undefined || best.score < leastScore) return undefined;
  const least = best.score ** 2 - insideSquare;
  const ranges = fits.flatMap(({ minutes, slopePerMinute, error, score }): SlopeRange[] => {
    if (score <= 0 || score ** 2 < least) return [];
    const reach = Math.sqrt(score ** 2 - least) * error;
    return [{ minutes, slowest: slopePerMinute - reach, fastest: slopePerMinute + reach }];
  });
  return { ...best, isShift: shift >= best.score, ranges };
}

/** A ramp for every minute that it may have begun in, and how far a shift stands out. */
function fitRamps(series: MinuteSeries, normal: Normal, minute: number): { fits: readonly Fit[]; shift: number } {
  const { correlation, scale } = normal;
  const growth = 1 - correlation;
  const fits: Fit[] = [];
  // Sums over the samples so far, backwards: of 1, e, lag, lag·e and lag².
  let [count, news, lags, newsByLag, squares] = [0, 0, 0, 0, 0];
  let shift = Number.NEGATIVE_INFINITY;
  let deviation = sampleAt(series, minute) - normalAt(normal, minute);
  for (let lag = 0; lag < maxMinutes; lag++) {
    const before = sampleAt(series, minute - lag - 1) - normalAt(normal, minute - lag - 1);
    const raw = (deviation - correlation * before) / scale;
    deviation = before;
    if (Number.isNaN(raw)) continue;
    const surprise = Math.max(-clip, Math.min(clip, raw));
    count++;
    news += surprise;
    lags += lag;
    newsByLag += lag * surprise;
    squares += lag * lag;
    const step = Math.min(stepClip, raw) + growth * (news - surprise);
    shift = Math.max(shift, step / Math.sqrt(1 + growth * growth * (count - 1)));
    const minutes = lag + 1;
    if (count < minSamples || count * 2 < minutes) continue;
    const first = growth * minutes + correlation;
    const along = first * news - growth * newsByLag;
    const weight = first * first * count - 2 * first * growth * lags + growth * growth * squares;
    const root = Math.sqrt(weight);
    fits.push({ minutes, slopePerMinute: (along / weight) * scale, error: scale / root, score: along / root });
  }
  return { fits, shift: count === 0 ? shift : Math.max(shift, news / Math.sqrt(count)) };
}
