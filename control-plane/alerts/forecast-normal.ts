import { type HalfHours, slotMinutes, slotsPerDay } from './forecast-half-hours.js';
import { median, neighbourCorrelation, spreadAboutZero } from './forecast-robust.js';
import { dayMinutes, type MinuteSeries, sampleAt } from './forecast-series.js';

/** History that is looked at, and the least that a daily profile can be learnt from; days. */
const maxDays = 7;
const minDays = 2;

/** Neighbouring slots are smoothed with these weights: a profile of two days is noise otherwise. */
const smoothing = [1, 2, 3, 2, 1];
/** More than this is a random walk, for which nothing is normal. */
const maxCorrelation = 0.98;
/** Of the last day so many minutes must be there. */
const minLastDay = dayMinutes / 4;

/** What a gauge usually does, and how it usually strays from that. */
export interface Normal {
  /** The value in the middle of each half hour of the day (UTC), at `anchorMinute`. */
  readonly profile: readonly number[];
  /** The steady change from day to day. */
  readonly slopePerMinute: number;
  /** Standard error of that slope. */
  readonly slopeError: number;
  readonly anchorMinute: number;
  /** Correlation of the deviations of neighbouring minutes, 0 … 0.98. */
  readonly correlation: number;
  /** Standard deviation of what is new in each minute, in the gauge's unit. */
  readonly scale: number;
}

/** The value that is normal at a minute. */
export function normalAt({ profile, slopePerMinute, anchorMinute }: Normal, minute: number): number {
  const place = (((minute % dayMinutes) + dayMinutes) % dayMinutes) / slotMinutes - 0.5;
  const slot = Math.floor(place);
  const before = profile[(slot + slotsPerDay) % slotsPerDay] ?? Number.NaN;
  const after = profile[(slot + 1) % slotsPerDay] ?? Number.NaN;
  return before + (after - before) * (place - slot) + slopePerMinute * (minute - anchorMinute);
}

/** What is known of a gauge's past: half hours of at least two days, and the minutes of the last one. */
export interface GaugePast {
  readonly halfHours: HalfHours;
  readonly series: MinuteSeries;
}

/**
 * Learns what is normal from the last two to seven whole days before `untilMinute`: a seasonal Theil–Sen slope (the
 * median of the changes between the same half hours of different days: Hirsch, Slack & Smith 1982), a daily profile of
 * medians without it, and of the last day the level and the noise as an AR(1). `resolution` is the least that the noise
 * is taken for, in the gauge's unit. Undefined while there is too little history.
 */
export function learnNormal(
  { halfHours, series }: GaugePast,
  untilMinute: number,
  resolution: number,
): Normal | undefined {
  const endSlot = Math.floor(untilMinute / slotMinutes);
  const days = Math.min(maxDays, Math.floor((endSlot - firstKnown(halfHours)) / slotsPerDay));
  if (days < minDays) return undefined;
  const startSlot = endSlot - days * slotsPerDay;
  const slots = Array.from({ length: days * slotsPerDay }, (_, i) => {
    return halfHours.medians[startSlot + i - halfHours.startSlot] ?? Number.NaN;
  });
  const slopes = seasonalSlopes(slots);
  const slopePerMinute = median(slopes);
  const levels = Array.from({ length: slotsPerDay }, (_, i) => slotLevel(slots, i, slopePerMinute * slotMinutes));
  // The first slot of the history is some half hour of the day; the profile begins at midnight.
  const midnight = (slotsPerDay - (startSlot % slotsPerDay)) % slotsPerDay;
  const profile = smoothProfile([...levels.slice(midnight), ...levels.slice(0, midnight)]);
  if (profile.some((value) => !Number.isFinite(value))) return undefined;
  const slopeSpread = spreadAboutZero(slopes.map((slope) => slope - slopePerMinute));
  // As if each day had said it once: what happens on a day is common to all its half hours.
  const slopeError = Math.max(slopeSpread, resolution / dayMinutes) / Math.sqrt(days);
  const shape = { profile, slopePerMinute, slopeError, anchorMinute: endSlot * slotMinutes };
  return withNoise(series, shape, resolution);
}

/** The first half hour with a median; beyond the last where there is none. */
function firstKnown({ startSlot, medians }: HalfHours): number {
  let i = 0;
  while (i < medians.length && !Number.isFinite(medians[i])) i++;
  return startSlot + i;
}

/** Changes per minute between the same half hours of any two days. */
function seasonalSlopes(slots: readonly number[]): number[] {
  const slopes: number[] = [];
  for (const [later, value] of slots.entries()) {
    for (let days = 1; days * slotsPerDay <= later; days++) {
      const slope = (value - (slots[later - days * slotsPerDay] ?? Number.NaN)) / (days * dayMinutes);
      if (Number.isFinite(slope)) slopes.push(slope);
    }
  }
  return slopes;
}

/** The middle of one half hour over the days, moved along the slope to the end of the history. */
function slotLevel(slots: readonly number[], first: number, slopePerSlot: number): number {
  const levels: number[] = [];
  for (let i = first; i < slots.length; i += slotsPerDay) {
    const level = (slots[i] ?? Number.NaN) + slopePerSlot * (slots.length - i - 0.5);
    if (Number.isFinite(level)) levels.push(level);
  }
  return median(levels);
}

function smoothProfile(levels: readonly number[]): number[] {
  const reach = (smoothing.length - 1) / 2;
  const total = smoothing.reduce((sum, weight) => sum + weight, 0);
  return levels.map((_, slot) => {
    const parts = smoothing.map((weight, i) => {
      return weight * (levels[(slot + i - reach + slotsPerDay) % slotsPerDay] ?? Number.NaN);
    });
    return parts.reduce((sum, part) => sum + part, 0) / total;
  });
}

/** The shape at the last day's level, with the noise about it; undefined where too little of that day is there. */
function withNoise(
  series: MinuteSeries,
  shape: Omit<Normal, 'correlation' | 'scale'>,
  resolution: number,
): Normal | undefined {
  const raw: Normal = { ...shape, correlation: 0, scale: 0 };
  const from = shape.anchorMinute - dayMinutes;
  const deviations = Array.from({ length: dayMinutes }, (_, i) => sampleAt(series, from + i) - normalAt(raw, from + i));
  const known = deviations.filter(Number.isFinite);
  if (known.length < minLastDay) return undefined;
  const level = median(known);
  const residuals = deviations.map((deviation) => deviation - level);
  const spread = spreadAboutZero(residuals.filter(Number.isFinite));
  const correlation = neighbourCorrelation(residuals, spread, maxCorrelation);
  const news = residuals.map((residual, i) => residual - correlation * (residuals[i - 1] ?? Number.NaN));
  const scale = Math.max(resolution, spreadAboutZero(news.filter(Number.isFinite)));
  return { ...shape, profile: shape.profile.map((value) => value + level), correlation, scale };
}
