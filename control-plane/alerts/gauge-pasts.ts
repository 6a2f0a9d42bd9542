import type { Clock } from '@bellwether/shared/clock';
import { codeOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { GaugeForecast } from './forecast-gauge.js';
import type { Limit } from './forecast-outlook.js';
import type { Gauge, MachineGauges } from './gauges.js';

/** How far back is read, and how many windows at a time: a page takes some milliseconds, and devices wait meanwhile. */
const pastMs = 8 * 86_400_000;
const pageRows = 500;
const pauseMs = 100;

/** One stored window, as far as gauges are concerned. `row` orders windows that came together. */
export interface StoredGauge extends MachineGauges {
  readonly row: number;
  readonly arrivedAtMs: number;
  readonly wallEndMs: number;
}

/** Where the past is. */
export interface StoredGauges {
  /** Windows of a device after this one, in the order of arrival. */
  page(device: string, after: Pick<StoredGauge, 'row' | 'arrivedAtMs'>, rows: number): readonly StoredGauge[];
}

interface GaugePastsParts {
  readonly past: StoredGauges;
  readonly clock: Clock;
  readonly log: Log;
  readonly limitOf: (gauge: Gauge) => Limit;
  /** What a gauge was, up to `minute`. */
  readonly remembered: (device: string, gauge: Gauge, past: GaugeForecast, minute: number) => void;
}

interface Reading {
  readonly device: string;
  readonly forecasts: ReadonlyMap<Gauge, GaugeForecast>;
  after: Pick<StoredGauge, 'row' | 'arrivedAtMs'>;
}

/** Reads what gauges were, device after device, a page at a time: without a past nobody knows what is normal for a gauge. */
export class GaugePasts {
  readonly #parts: GaugePastsParts;
  readonly #asked = new Map<string, Set<Gauge>>();
  #reading: Reading | undefined;
  #cancel: (() => void) | undefined;

  constructor(parts: GaugePastsParts) {
    this.#parts = parts;
  }

  /** Reads it when it is its turn. */
  ask(device: string, gauge: Gauge): void {
    this.#asked.set(device, (this.#asked.get(device) ?? new Set<Gauge>()).add(gauge));
    this.#soon();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#asked.clear();
    this.#reading = undefined;
  }

  #soon(): void {
    this.#cancel ??= this.#parts.clock.after(pauseMs, () => {
      this.#cancel = undefined;
      try {
        this.#readPage();
      } catch (cause) {
        // What is normal is learnt from what comes, which takes longer.
        this.#reading = undefined;
        this.#parts.log.warn({ err: cause, code: codeOf(cause) }, 'The past of a gauge could not be read');
      }
      if (this.#reading !== undefined || this.#asked.size > 0) this.#soon();
    });
  }

  #readPage(): void {
    const reading = this.#reading ?? this.#next();
    if (reading === undefined) return;
    this.#reading = reading;
    const rows = this.#parts.past.page(reading.device, reading.after, pageRows);
    for (const row of rows) {
      for (const [gauge, forecast] of reading.forecasts) {
        const value = gauge.valueOf(row);
        if (value !== null && row.wallEndMs <= row.arrivedAtMs + 120_000)
          forecast.remember(Math.floor(row.wallEndMs / 60_000), value);
      }
    }
    const last = rows.at(-1);
    if (last !== undefined && rows.length === pageRows) {
      reading.after = last;
      return;
    }
    this.#reading = undefined;
    const minute = Math.floor(this.#parts.clock.now().wallMs / 60_000);
    for (const [gauge, forecast] of reading.forecasts) this.#parts.remembered(reading.device, gauge, forecast, minute);
  }

  #next(): Reading | undefined {
    const [first] = this.#asked;
    if (first === undefined) return undefined;
    const [device, gauges] = first;
    this.#asked.delete(device);
    const fromMs = Math.floor(this.#parts.clock.now().wallMs) - pastMs;
    const firstMinute = Math.floor(fromMs / 60_000);
    const forecasts = new Map(
      [...gauges].map((gauge) => [gauge, new GaugeForecast(this.#parts.limitOf(gauge), firstMinute)]),
    );
    return { device, forecasts, after: { arrivedAtMs: fromMs, row: 0 } };
  }
}
