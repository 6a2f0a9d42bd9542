import type { Clock } from '@bellwether/shared/clock';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { Uplink } from '../uplink/uplink.js';
import type { Outbox, OutboxMessage } from './outbox.js';
import type { Shipment } from './shipment.js';

/** How fast what has waited for long goes up; live telemetry has no such bound. */
export interface BackfillPace {
  readonly perSecond: number;
  /** After a connection it begins within this time, by lot: a fleet that comes back together must not send its past at once. */
  readonly spreadMs: number;
}

export interface BackfillParts {
  readonly uplink: Pick<Uplink, 'connected'>;
  readonly outbox: Pick<Outbox, 'read' | 'state'>;
  readonly shipment: Shipment;
  readonly pace: BackfillPace;
  readonly clock: Clock;
  /** 0 … 1, for the lot. */
  readonly random: () => number;
  readonly log: Log;
}

/** Messages of it in flight at the most; a live one waits behind no more than these. */
const maxBatch = 32;
/** Messages read at a time: LevelDB steps over what was removed above them, every time. */
const pageSize = 256;

/** The windows that have waited, newest first, at a bounded rate: one batch after the other, beside the live ones. */
export class Backfill {
  readonly #parts: BackfillParts;
  #connection = new AbortController();
  #running: AbortController | undefined;
  #notBeforeMs = 0;

  constructor(parts: BackfillParts) {
    this.#parts = parts;
  }

  /** A connection is there: what waits goes on from the newest, after this device's lot. */
  connected(): void {
    const { clock, pace, random } = this.#parts;
    this.#connection.abort();
    this.#connection = new AbortController();
    this.#notBeforeMs = clock.now().monotonicMs + random() * pace.spreadMs;
  }

  /** Windows may wait that the live lane has left behind. Nothing happens while it is at work already. */
  wake(): void {
    const connection = this.#connection;
    if (this.#running === connection || connection.signal.aborted) return;
    this.#running = connection;
    this.#run(connection.signal)
      .catch((error: unknown) =>
        this.#parts.log.error({ err: messageOf(error) }, 'the outbox cannot be read; telemetry waits'),
      )
      .finally(() => {
        if (this.#running === connection) this.#running = undefined;
      });
  }

  stop(): void {
    this.#connection.abort();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { uplink, outbox, shipment, pace, clock } = this.#parts;
    const batch = Math.min(maxBatch, pace.perSecond);
    const intervalMs = (batch / pace.perSecond) * 1000;
    let waiting: readonly OutboxMessage[] = [];
    let before: string | undefined;
    if (outbox.state.waiting === 0) return;
    const lotMs = this.#notBeforeMs - clock.now().monotonicMs;
    if (lotMs > 0) await clock.sleep(lotMs, signal);
    while (uplink.connected && !signal.aborted) {
      const startedMs = clock.now().monotonicMs;
      if (waiting.length === 0) waiting = await outbox.read({ kind: 'window', before, from: 'newest' }, pageSize);
      const sent = await shipment.send(waiting.slice(0, batch));
      if (sent === undefined) return;
      before = sent.last;
      waiting = waiting.slice(waiting.findIndex(({ id }) => id === sent.last) + 1);
      // Also as long as it took: a server that is slow to acknowledge gets half as much.
      const tookMs = clock.now().monotonicMs - startedMs;
      await clock.sleep(Math.max(intervalMs - tookMs, tookMs), signal);
    }
  }
}
