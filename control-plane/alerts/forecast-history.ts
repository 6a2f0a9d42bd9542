import { type HalfHours, halfHourMedian, slotMinutes, slotsPerDay } from './forecast-half-hours.js';
import type { GaugePast } from './forecast-normal.js';
import type { MinuteSeries } from './forecast-series.js';

/** Minutes are kept for two days, half hours for eight. */
const minuteSlots = 2 * slotsPerDay;
const allSlots = 8 * slotsPerDay;

/**
 * The past of one gauge of one device: minutes of two days and half hours of a week, in 13 KB. Samples may come late and
 * twice, the last one of a minute counts; one that comes more than two days late teaches nothing.
 */
export class GaugeHistory implements GaugePast, MinuteSeries {
  readonly values = new Float32Array(minuteSlots * slotMinutes).fill(Number.NaN);
  /** Of half hours whose minutes are gone, by number modulo `allSlots`. */
  readonly #medians = new Float32Array(allSlots).fill(Number.NaN);
  #startSlot: number;

  /** Empty; `firstMinute` is the first that is asked for, in minutes since 1970. */
  constructor(firstMinute: number) {
    this.#startSlot = Math.floor(firstMinute / slotMinutes);
  }

  get startMinute(): number {
    return this.#startSlot * slotMinutes;
  }

  get series(): MinuteSeries {
    return this;
  }

  get halfHours(): HalfHours {
    const startSlot = this.#startSlot + minuteSlots - allSlots;
    const medians = Array.from({ length: allSlots }, (_, i) => {
      const slot = startSlot + i;
      return slot < this.#startSlot ? (this.#medians[placeOf(slot)] ?? Number.NaN) : halfHourMedian(this, slot);
    });
    return { startSlot, medians };
  }

  /** Keeps a sample. */
  put(minute: number, value: number): void {
    const slots = Math.floor(minute / slotMinutes) - (this.#startSlot + minuteSlots - 1);
    if (slots > 0) this.#moveOn(slots);
    if (minute >= this.startMinute) this.values[minute - this.startMinute] = value;
  }

  /** The first half hours leave as their medians. */
  #moveOn(slots: number): void {
    const next = this.#startSlot + slots;
    for (let slot = Math.max(this.#startSlot, next - allSlots); slot < next; slot++) {
      this.#medians[placeOf(slot)] = halfHourMedian(this, slot);
    }
    const minutes = Math.min(slots, minuteSlots) * slotMinutes;
    this.values.copyWithin(0, minutes);
    this.values.fill(Number.NaN, this.values.length - minutes);
    this.#startSlot = next;
  }
}

function placeOf(slot: number): number {
  return ((slot % allSlots) + allSlots) % allSlots;
}
