import type { TelemetrySummary } from '../http/operator-api.js';
import type { CloneAlert } from '../http/status-api.js';
import type { Upward } from '../messaging/device-channel.js';
import type { Decoded } from './device-message.js';
import type { RejectedList } from './rejected-api.js';

/** A message as it arrived: decoded, or set aside with the reason. */
export type Arrival = {
  readonly device: string;
  readonly what: Upward;
  readonly arrivedAtMs: number;
  /** With it a spell began in which the device sends too fast. */
  readonly slowed?: boolean;
} & ({ readonly decoded: Decoded } | { readonly rejected: string; readonly payload: Uint8Array });

/**
 * What became of an arrival. `stored`: it is new. `duplicate`: the same content under the same key. `conflict`: other
 * content under the same key; the first one stands [W-4]. Of what is deleted whatever comes is a `duplicate`.
 */
export type Outcome = 'stored' | 'duplicate' | 'conflict' | 'rejected';

/** How long things are kept; rejected messages are kept by number. */
export interface Retention {
  readonly windowsBeforeMs: number;
  readonly eventsBeforeMs: number;
  /** Runs of agents that began before this, and were not a device's last, are forgotten. */
  readonly runsBeforeMs: number;
  readonly rejectedMessages: number;
  /** Rows that one pass may delete of each kind, so that it never stops the ingest for long. */
  readonly rowsPerPass: number;
}

/** Where telemetry is kept. */
export interface TelemetryStore {
  /** Writes all arrivals in one durable transaction, or none; the outcomes are in their order. Throws SQLite's error. */
  commit(arrivals: readonly Arrival[]): Outcome[];
  summary(): TelemetrySummary;
  /** Devices whose receipts have twins, the newest first, as long as events are kept [T-12]. */
  clones(): CloneAlert[];
  /** Messages that were set aside, newest first. */
  rejected(): RejectedList['messages'];
  /** Deletes what is too old; answers how many rows of the kind of which there were most. */
  trim(retention: Retention): number;
  /** Deletes the oldest windows that came before, at most so many; those that are in no series yet stay. Answers how many. */
  shedWindows(rows: number, beforeMs: number): number;
}
