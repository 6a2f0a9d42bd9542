import { median } from './forecast-robust.js';
import { dayMinutes, type MinuteSeries, samplesBetween } from './forecast-series.js';

/** Minutes that a median is taken of. */
export const slotMinutes = 30;
export const slotsPerDay = dayMinutes / slotMinutes;

/** A half hour counts with so many samples. */
const minSamples = 5;

/** Medians of half hours, one after the other; NaN where there were too few samples. `startSlot`: half hours since 1970. */
export interface HalfHours {
  readonly startSlot: number;
  readonly medians: ArrayLike<number>;
}

/** The median of one half hour; NaN where there are too few samples. */
export function halfHourMedian(series: MinuteSeries, slot: number): number {
  const samples = samplesBetween(series, slot * slotMinutes, (slot + 1) * slotMinutes);
  return samples.length < minSamples ? Number.NaN : median(samples);
}

/** The half hours of a whole series. */
export function halfHoursOf(series: MinuteSeries): HalfHours {
  const startSlot = Math.floor(series.startMinute / slotMinutes);
  const endSlot = Math.ceil((series.startMinute + series.values.length) / slotMinutes);
  const medians = Array.from({ length: endSlot - startSlot }, (_, i) => halfHourMedian(series, startSlot + i));
  return { startSlot, medians };
}
