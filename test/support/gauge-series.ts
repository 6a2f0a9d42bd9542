import { dayMinutes, type MinuteSeries } from '@bellwether/control-plane/alerts/forecast-series';
import type { Dice } from './random-counts.js';

/** One number of a standard normal distribution (Box & Muller). */
export function normal(dice: Dice): number {
  return Math.sqrt(-2 * Math.log(1 - dice())) * Math.cos(2 * Math.PI * dice());
}

/** What a gauge does but for its noise; in percent of its limit. */
export interface Gauge {
  readonly base: number;
  /** Of the daily wave; 0: none. */
  readonly amplitude: number;
  /** Minutes by which the wave is late. */
  readonly phase: number;
}

/** A gauge somewhere below its limit. */
export function anyGauge(dice: Dice, isSeasonal: boolean): Gauge {
  return { base: 30 + 30 * dice(), amplitude: isSeasonal ? 5 + 15 * dice() : 0, phase: dayMinutes * dice() };
}

/** The gauge's value at a minute. */
export function gaugeAt({ base, amplitude, phase }: Gauge, minute: number): number {
  return base + amplitude * Math.sin((2 * Math.PI * (minute + phase)) / dayMinutes);
}

/** A series of so many minutes with AR(1) noise of the given deviation. `midnight` is its first minute. */
export function noisySeries(
  dice: Dice,
  minutes: number,
  {
    valueAt,
    deviation = 5,
    correlation = 0.8,
  }: {
    readonly valueAt: (minute: number) => number;
    readonly deviation?: number;
    readonly correlation?: number;
  },
): MinuteSeries & { readonly values: Float64Array } {
  const values = new Float64Array(minutes);
  const news = deviation * Math.sqrt(1 - correlation ** 2);
  let noise = deviation * normal(dice);
  for (let minute = 0; minute < minutes; minute++) {
    noise = correlation * noise + news * normal(dice);
    values[minute] = valueAt(minute) + noise;
  }
  return { startMinute: 0, values };
}
