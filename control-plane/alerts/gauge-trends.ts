import type { Clock } from '@bellwether/shared/clock';
import type { Window } from '@bellwether/shared/contract/window';
import type { Log } from '@bellwether/shared/log';
import type { AlertRules } from './alert-rule.js';
import type { Limit } from './forecast-outlook.js';
import { GaugePasts, type ReadGauges } from './gauge-pasts.js';
import { type Gauge, gauges } from './gauges.js';
import { HeldGauge } from './held-gauge.js';
import type { Reading, ReadingSource } from './reading.js';

/** Forecasts that are held at most: 13 kB each. Beyond it one that rises takes the place of one that only is high. */
const mostFollowed = 5000;
/** A window that ends so far in the future is of a clock that stands wrong. */
const aheadMs = 120_000;

interface GaugeTrendsParts {
  readonly rules: AlertRules;
  readonly isMember: (device: string) => boolean;
  readonly past: ReadGauges;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxFollowed?: number;
}

/** Which disks, memories and temperatures will be at their limits: one forecast for each gauge of each device that is near its limit, or rises. */
export class GaugeTrends implements ReadingSource {
  readonly #parts: GaugeTrendsParts;
  readonly #devices = new Map<string, ReadonlyMap<Gauge, HeldGauge>>();
  readonly #pasts: GaugePasts;
  #followed = 0;

  constructor(parts: GaugeTrendsParts) {
    this.#parts = parts;
    this.#pasts = new GaugePasts({
      ...parts,
      limitOf: (gauge) => this.#limitOf(gauge),
      remembered: (device, gauge, past, minute) => {
        const held = this.#devices.get(device)?.get(gauge);
        if (held?.isFollowed === true) held.follow(past, minute);
      },
    });
  }

  /** How many forecasts are held. */
  get followed(): number {
    return this.#followed;
  }

  stop(): void {
    this.#pasts.stop();
  }

  resume({ rule, device, sinceMs }: Parameters<NonNullable<ReadingSource['resume']>>[0]): void {
    if (device === null) return;
    for (const [gauge, held] of this.#devices.get(device) ?? this.#begin(device)) {
      if (gauge.rule !== rule || held.isFollowed) continue;
      held.resume(Math.floor(sinceMs / 60_000), Math.floor(this.#parts.clock.now().wallMs / 60_000));
      this.#followed++;
      this.#pasts.ask(device, gauge);
    }
  }

  /** A window was stored. */
  take({ device, host, wallEndMs }: Pick<Window, 'device' | 'host' | 'wallEndMs'>, arrivedAtMs: number): void {
    if (wallEndMs > arrivedAtMs + aheadMs) return;
    const minute = Math.floor(wallEndMs / 60_000);
    const held = this.#devices.get(device) ?? this.#begin(device);
    for (const [gauge, each] of held) {
      const value = gauge.valueOf(host);
      if (value === null) continue;
      const was = each.isFollowed;
      if (!was && each.isClose(value) && this.#hasRoom(each.isRising(value))) {
        each.follow(undefined, minute);
        this.#pasts.ask(device, gauge);
      }
      each.take(minute, value);
      if (each.isFollowed !== was) this.#followed += was ? -1 : 1;
    }
  }

  *readings(nowMs: number): Generator<Reading> {
    for (const [device, held] of this.#devices) {
      if (!this.#parts.isMember(device)) {
        this.#devices.delete(device);
        for (const each of held.values()) if (each.isFollowed) this.#followed--;
        continue;
      }
      for (const [gauge, each] of held) {
        if (!each.isAnnounced) continue;
        const { limit } = this.#limitOf(gauge);
        const about = { rule: gauge.rule, subject: {}, device, detail: `its limit is ${limit} ${gauge.unit}` } as const;
        const reading = each.reading(about, nowMs);
        if (reading !== undefined) yield reading;
      }
    }
  }

  #hasRoom(isRising: boolean): boolean {
    const { maxFollowed = mostFollowed } = this.#parts;
    if (this.#followed < maxFollowed) return true;
    const made =
      isRising && [...this.#devices.values()].some((held) => [...held.values()].some((each) => each.yieldRoom()));
    if (made) this.#followed--;
    return made;
  }

  #begin(device: string): ReadonlyMap<Gauge, HeldGauge> {
    const held = new Map(gauges.map((gauge) => [gauge, new HeldGauge(this.#limitOf(gauge))]));
    this.#devices.set(device, held);
    return held;
  }

  #limitOf({ rule }: Gauge): Limit {
    const { limit = 100, raise } = this.#parts.rules[rule];
    return { limit, horizonMinutes: raise };
  }
}
