import type { Clock } from '@bellwether/shared/clock';
import { DecodeError } from '@bellwether/shared/contract/decode';
import type { Log } from '@bellwether/shared/log';
import { GroupCommit } from '../database/group-commit.js';
import type { Upward } from '../messaging/device-channel.js';
import { type Decoded, decodeMessage } from './device-message.js';
import type { Arrival, Outcome, TelemetryStore } from './telemetry-store.js';

/** Group commit [W-6]. */
const maxDelayMs = 10;
const maxItems = 1000;

interface IngestParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: TelemetryStore;
  /** Told of every message that was new and is committed. It must not throw. */
  readonly committed: (device: string, message: Decoded, arrivedAtMs: number) => void;
}

/** Takes what devices send, durably. The broker acknowledges a message when `accept` resolves, and only then. */
export class Ingest {
  readonly #parts: IngestParts;
  readonly #group: GroupCommit<Arrival, Outcome>;

  constructor(parts: IngestParts) {
    this.#parts = parts;
    this.#group = new GroupCommit({
      clock: parts.clock,
      maxDelayMs,
      maxItems,
      commit: (arrivals) => this.#commit(arrivals),
    });
  }

  /** Resolves when the message is committed or set aside; rejects when the database could not take it: the device keeps it and sends it again. */
  async accept(device: string, what: Upward, payload: Uint8Array): Promise<void> {
    await this.#group.add(this.#arrival(device, what, payload));
  }

  /** Commits what waits. */
  stop(): void {
    this.#group.flush();
  }

  /** A message that cannot be read is set aside, not refused: the device would only send it again, for ever. */
  #arrival(device: string, what: Upward, payload: Uint8Array): Arrival {
    const arrival = { device, what, arrivedAtMs: Math.floor(this.#parts.clock.now().wallMs) };
    try {
      return { ...arrival, decoded: decodeMessage(device, what, payload) };
    } catch (cause) {
      if (!(cause instanceof DecodeError)) throw cause;
      return { ...arrival, rejected: cause.message, payload };
    }
  }

  #commit(arrivals: readonly Arrival[]): readonly Outcome[] {
    const { log, store, committed } = this.#parts;
    let outcomes: readonly Outcome[];
    try {
      outcomes = store.commit(arrivals);
    } catch (cause) {
      log.error({ err: cause, messages: arrivals.length }, 'Messages could not be stored and are not acknowledged');
      throw cause;
    }
    for (const [i, arrival] of arrivals.entries()) {
      const { device, what, arrivedAtMs } = arrival;
      if ('rejected' in arrival) log.warn({ device, what, reason: arrival.rejected }, 'A message was set aside');
      else if (outcomes[i] === 'stored') committed(device, arrival.decoded, arrivedAtMs);
    }
    return outcomes;
  }
}
