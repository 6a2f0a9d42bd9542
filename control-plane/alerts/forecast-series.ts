/** Minutes of a day. */
export const dayMinutes = 1440;

/** One gauge of one device, a sample for each minute; NaN where none came. */
export interface MinuteSeries {
  /** Minutes since 1970 of the first value: it says what time of day it was (UTC). */
  readonly startMinute: number;
  readonly values: ArrayLike<number>;
}

/** The sample of a minute; NaN where there is none. */
export function sampleAt({ startMinute, values }: MinuteSeries, minute: number): number {
  return values[minute - startMinute] ?? Number.NaN;
}

/** The finite samples from `from` up to, and without, `until`. */
export function samplesBetween(series: MinuteSeries, from: number, until: number): number[] {
  const samples: number[] = [];
  for (let minute = from; minute < until; minute++) {
    const sample = sampleAt(series, minute);
    if (Number.isFinite(sample)) samples.push(sample);
  }
  return samples;
}
