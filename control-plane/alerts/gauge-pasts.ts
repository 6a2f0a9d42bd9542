import type { Clock } from '@bellwether/shared/clock';
import { codeOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { GaugeForecast } from './forecast-gauge.js';
import type { Limit } from './forecast-outlook.js';
import type { GaugePage, GaugePlace, GaugeQuestion } from './gauge-page.js';
import { type Gauge, gauges } from './gauges.js';

/** How far back is read, and how many windows at a time: so many keep the thread that reads for about ten milliseconds (m), and this one for one. */
const pastMs = 8 * 86_400_000;
const pageRows = 1000;

/** Where the past is. Rejects where it cannot be read. */
export type ReadGauges = (asked: GaugeQuestion) => Promise<GaugePage>;

interface GaugePastsParts {
  readonly past: ReadGauges;
  readonly clock: Clock;
  readonly log: Log;
  readonly limitOf: (gauge: Gauge) => Limit;
  /** What a gauge was, up to `minute`. */
  readonly remembered: (device: string, gauge: Gauge, past: GaugeForecast, minute: number) => void;
}

interface Reading {
  readonly device: string;
  readonly forecasts: ReadonlyMap<Gauge, GaugeForecast>;
  readonly from: GaugePlace;
}

/** Reads what gauges were, device after device, a page at a time: without a past nobody knows what is normal for a gauge. */
export class GaugePasts {
  readonly #parts: GaugePastsParts;
  readonly #asked = new Map<string, Set<Gauge>>();
  #isReading = false;
  #isOver = false;

  constructor(parts: GaugePastsParts) {
    this.#parts = parts;
  }

  /** Reads it when it is its turn. */
  ask(device: string, gauge: Gauge): void {
    this.#asked.set(device, (this.#asked.get(device) ?? new Set<Gauge>()).add(gauge));
    if (!this.#isReading) void this.#readAll();
  }

  /** For good. May be called twice. */
  stop(): void {
    this.#isOver = true;
    this.#asked.clear();
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      try {
        await this.#read(next);
      } catch (cause) {
        // What is normal is learnt from what comes, which takes longer.
        if (!this.#isOver)
          this.#parts.log.warn({ err: cause, code: codeOf(cause) }, 'The past of a gauge could not be read');
      }
    }
    this.#isReading = false;
  }

  async #read({ device, forecasts, from }: Reading): Promise<void> {
    for (let after: GaugePlace | null = from; after !== null; ) {
      const page: GaugePage = await this.#parts.past({ device, after, rows: pageRows });
      if (this.#isOver) return;
      remember(forecasts, page);
      after = page.next;
    }
    const minute = Math.floor(this.#parts.clock.now().wallMs / 60_000);
    for (const [gauge, forecast] of forecasts) this.#parts.remembered(device, gauge, forecast, minute);
  }

  #next(): Reading | undefined {
    const [first] = this.#asked;
    if (first === undefined) return undefined;
    const [device, asked] = first;
    this.#asked.delete(device);
    const fromMs = Math.floor(this.#parts.clock.now().wallMs) - pastMs;
    const firstMinute = Math.floor(fromMs / 60_000);
    const forecasts = new Map(
      [...asked].map((gauge) => [gauge, new GaugeForecast(this.#parts.limitOf(gauge), firstMinute)]),
    );
    return { device, forecasts, from: { arrivedAtMs: fromMs, row: 0 } };
  }
}

function remember(forecasts: ReadonlyMap<Gauge, GaugeForecast>, { minutes, values }: GaugePage): void {
  for (const [i, gauge] of gauges.entries()) {
    const forecast = forecasts.get(gauge);
    const told = values[i];
    if (forecast === undefined || told === undefined) continue;
    for (const [at, minute] of minutes.entries()) {
      const value = told[at];
      if (value !== undefined && !Number.isNaN(value)) forecast.remember(minute, value);
    }
  }
}
