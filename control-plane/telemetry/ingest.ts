import type { Clock } from '@bellwether/shared/clock';
import { DecodeError } from '@bellwether/shared/contract/decode';
import type { Log } from '@bellwether/shared/log';
import { GroupCommit } from '../database/group-commit.js';
import type { Upward } from '../messaging/device-channel.js';
import { type Decoded, decodeMessage } from './device-message.js';
import type { DevicePace } from './device-pace.js';
import { IngestError } from './ingest-error.js';
import type { Arrival, Outcome, TelemetryStore } from './telemetry-store.js';

/** Group commit [W-6]. */
const maxDelayMs = 10;
const maxItems = 1000;

interface IngestParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: TelemetryStore;
  /** Holds each device to its rate. */
  readonly pace: DevicePace;
  /** Told of every message that was new and is committed. It must not throw. */
  readonly committed: (device: string, message: Decoded, arrivedAtMs: number) => void;
}

/** Takes what devices send, durably. The broker acknowledges a message when `accept` resolves, and only then. */
export class Ingest {
  readonly #parts: IngestParts;
  readonly #group: GroupCommit<Arrival, Outcome>;
  /** What turns messages of slowed devices away. */
  readonly #waiting = new Set<() => void>();

  constructor(parts: IngestParts) {
    this.#parts = parts;
    this.#group = new GroupCommit({
      clock: parts.clock,
      maxDelayMs,
      maxItems,
      commit: (arrivals) => this.#commit(arrivals),
    });
  }

  /**
   * Resolves when the message is committed or set aside. Of a device that sends too fast it waits for its turn, before it is
   * read: the broker reads no more of that connection meanwhile. Rejects when the database could not take it, or with
   * IngestError: the device keeps it and sends it again.
   */
  async accept(device: string, what: Upward, payload: Uint8Array): Promise<void> {
    const { clock, pace, log } = this.#parts;
    const turn = pace.take(device, payload.byteLength, clock.now());
    if (turn === 'too-fast') throw new IngestError('device-too-fast', `${device} sends faster than is taken`);
    const { waitMs, isNews } = turn;
    if (isNews) log.warn({ device }, 'A device sends too fast and is slowed down');
    if (waitMs > 0) await this.#wait(waitMs);
    await this.#group.add({ ...this.#arrival(device, what, payload), ...(isNews && { slowed: true }) });
  }

  #wait(waitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#parts.clock.after(waitMs, () => {
        this.#waiting.delete(leave);
        resolve();
      });
      const leave = (): void => {
        cancel();
        reject(new IngestError('stopping', 'the server is stopping'));
      };
      this.#waiting.add(leave);
    });
  }

  /** Commits what waits; of slowed devices nothing more is taken. */
  stop(): void {
    for (const leave of this.#waiting) leave();
    this.#waiting.clear();
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
