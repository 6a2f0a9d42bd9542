import { GaugeForecast } from './forecast-gauge.js';
import { forecastOf, type Limit } from './forecast-outlook.js';
import type { Reading } from './reading.js';

/** A gauge is followed closely from this part of its limit on, or when it has risen by so much above what it was on average. */
const closePart = 0.6;
const risePart = 0.05;
/** It is let go again below this part. */
const farPart = 0.5;
/** The average goes back about so many minutes. */
const averageMinutes = 60;
/** What came longer ago says nothing of now. */
const staleMinutes = 10;

/** One gauge of one device: an average while it is far from its limit, a forecast (13 kB) while it is not. */
export class HeldGauge {
  readonly #limit: Limit;
  #average: number | undefined;
  #newest: number | undefined;
  #newestMinute = Number.NEGATIVE_INFINITY;
  #forecast: GaugeForecast | undefined;
  /** When the trouble began, of what is announced. */
  #beganMinute: number | undefined;
  /** It was announced when the last run ended, and what it was before is not known yet. */
  #isResumed = false;

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  get isFollowed(): boolean {
    return this.#forecast !== undefined;
  }

  get isAnnounced(): boolean {
    return this.#beganMinute !== undefined;
  }

  /** True when it should be followed: it is close to its limit, or rises. */
  isClose(value: number): boolean {
    const { limit } = this.#limit;
    return value >= closePart * limit || this.isRising(value);
  }

  /** True when it is well above what it was on average. */
  isRising(value = this.#newest ?? 0): boolean {
    return value - (this.#average ?? value) >= risePart * this.#limit.limit;
  }

  /** Gives its forecast up where nothing is announced and it does not rise; true when it did. */
  yieldRoom(): boolean {
    if (this.#forecast === undefined || this.isAnnounced || this.isRising()) return false;
    this.#forecast = undefined;
    return true;
  }

  /** It was announced when the last run ended: it is until its past and its next sample say that it is over. */
  resume(beganMinute: number, minute: number): void {
    this.follow(undefined, minute);
    this.#forecast?.resume(minute);
    this.#beganMinute = beganMinute;
    this.#isResumed = true;
  }

  /** Follows it from now on, with what `past` remembers; what is announced already stays as it is. */
  follow(past: GaugeForecast | undefined, minute: number): void {
    // It may have come while the past was read.
    if (this.#newest !== undefined) past?.remember(this.#newestMinute, this.#newest);
    if (this.#isResumed && past !== undefined) {
      past.resume(minute);
      this.#forecast = past;
      this.#isResumed = false;
    }
    if (this.#beganMinute !== undefined) return;
    if (past !== undefined || this.#forecast === undefined)
      this.#forecast = past ?? new GaugeForecast(this.#limit, minute);
  }

  take(minute: number, value: number): void {
    if (minute > this.#newestMinute) {
      this.#newestMinute = minute;
      this.#newest = value;
      this.#average = (this.#average ?? value) + (value - (this.#average ?? value)) / averageMinutes;
    }
    const state = this.#forecast?.take(minute, value);
    if (state === undefined) return;
    if (state.announcement.phase === 'silent') {
      this.#beganMinute = undefined;
      this.#isResumed = false;
      if (value < farPart * this.#limit.limit && !this.isClose(value)) this.#forecast = undefined;
    } else if (this.#beganMinute === undefined && state.outlook !== null) {
      // Of a line through the last hours nobody knows where it began.
      this.#beganMinute = minute - (state.outlook.by === 'onset' ? state.outlook.minutes : 0);
    }
  }

  /** What is announced; undefined: nothing. `about`: rule, subject, device and detail. */
  reading(about: Omit<Reading, 'value' | 'sinceMs' | 'forecast'>, nowMs: number): Reading | undefined {
    const beganMinute = this.#beganMinute;
    const state = this.#forecast?.state;
    if (beganMinute === undefined || state === undefined) return undefined;
    const atMs = this.#newestMinute * 60_000;
    const { outlook } = state;
    // It is announced, and at this minute nothing speaks for it: so soon nothing is over.
    if (outlook === null || nowMs - atMs > staleMinutes * 60_000) return { ...about, value: null };
    const forecast = forecastOf(outlook, atMs);
    const minutesLeft = Math.max(0, (forecast.atMs - nowMs) / 60_000);
    return { ...about, value: minutesLeft, sinceMs: beganMinute * 60_000, forecast };
  }
}
