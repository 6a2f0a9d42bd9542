import { lookAhead } from './forecast.js';
import { type Announcement, announce, announcedAt, silent } from './forecast-announcement.js';
import { GaugeHistory } from './forecast-history.js';
import { learnNormal, type Normal } from './forecast-normal.js';
import { type Limit, type Outlook, resolutionOf } from './forecast-outlook.js';

/** What is normal is learnt again so often, and without the last hour: it may be a rise already. */
const learnEveryMinutes = 60;
const unlearntMinutes = 60;
/** A line through hours says nothing new sooner. */
const trendEveryMinutes = 10;

/** What is announced of a gauge, and the latest outlook, by which it is told. */
export interface GaugeState {
  readonly announcement: Announcement;
  readonly outlook: Outlook | null;
}

/** One gauge of one device, looked at minute by minute: what a server keeps to announce that it will reach its limit. */
export class GaugeForecast {
  readonly #limit: Limit;
  readonly #history: GaugeHistory;
  #normal: Normal | undefined;
  #learntMinute = Number.NEGATIVE_INFINITY;
  #newestMinute = Number.NEGATIVE_INFINITY;
  #state: GaugeState = { announcement: silent, outlook: null };

  constructor(limit: Limit, firstMinute: number) {
    this.#limit = limit;
    this.#history = new GaugeHistory(firstMinute);
  }

  get state(): GaugeState {
    return this.#state;
  }

  /** What was announced at this minute, by whoever held the gauge before, goes on as long as anything speaks for it. */
  resume(minute: number): void {
    this.#state = { announcement: announcedAt(minute), outlook: null };
  }

  /** Takes a sample of the past without looking ahead from it: what a server has stored, when it starts. */
  remember(minute: number, value: number): void {
    this.#history.put(minute, value);
  }

  /** Takes a sample, and looks ahead from it when it is the newest; one that comes late only completes what is known. */
  take(minute: number, value: number): GaugeState {
    this.#history.put(minute, value);
    if (minute <= this.#newestMinute) return this.#state;
    this.#newestMinute = minute;
    if (minute - this.#learntMinute >= learnEveryMinutes) {
      this.#normal = learnNormal(this.#history, minute - unlearntMinutes, resolutionOf(this.#limit));
      this.#learntMinute = minute;
    }
    if (this.#normal === undefined && minute % trendEveryMinutes !== 0) return this.#state;
    const outlook = lookAhead(this.#history, { minute, normal: this.#normal, limit: this.#limit });
    this.#state = { announcement: announce(this.#state.announcement, outlook, minute), outlook };
    return this.#state;
  }
}
