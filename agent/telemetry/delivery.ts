import type { Clock } from '@bellwether/shared/clock';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { Uplink } from '../uplink/uplink.js';
import { Backfill, type BackfillPace } from './backfill.js';
import type { Outbox } from './outbox.js';
import { Shipment } from './shipment.js';

export interface DeliveryParts {
  readonly uplink: Pick<Uplink, 'connected' | 'publish'>;
  readonly outbox: Pick<Outbox, 'read' | 'remove' | 'lose' | 'state'>;
  readonly backfill: BackfillPace;
  readonly clock: Clock;
  /** 0 … 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Live publishes that may wait for their acknowledgement at a time. */
  readonly maxInFlight?: number;
}

/**
 * Brings what waits in the outbox to the broker. Live: all events, and the newest windows that were not tried yet on this
 * connection, up to 32 of them. What that leaves, because the device was away or the broker did not take it, is the backfill's.
 */
export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #shipment: Shipment;
  readonly #backfill: Backfill;
  #pass: Promise<void> | undefined;
  #isWanted = false;
  #isStopped = false;
  /** The newest window that was tried live on this connection. */
  #tried: string | undefined;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.#shipment = new Shipment(parts);
    this.#backfill = new Backfill({ ...parts, shipment: this.#shipment, pace: parts.backfill });
  }

  /** The connection is back. */
  connected(): Promise<void> {
    this.#tried = undefined;
    this.#backfill.connected();
    return this.run();
  }

  /** Something waits. One pass at a time; resolves when nothing more can be delivered live now. */
  run(): Promise<void> {
    this.#isWanted = true;
    this.#pass ??= this.#runPasses();
    return this.#pass;
  }

  /** Begins no further batch, and leaves the outbox alone from now on: what is still in flight will be sent again. */
  stop(): void {
    this.#isStopped = true;
    this.#shipment.stop();
    this.#backfill.stop();
  }

  async #runPasses(): Promise<void> {
    try {
      while (this.#isWanted && !this.#isStopped) {
        this.#isWanted = false;
        await this.#sendEvents();
        await this.#sendWindows();
      }
      if (this.#isLive) this.#backfill.wake();
    } catch (error) {
      this.#parts.log.error({ err: messageOf(error) }, 'the outbox cannot be read; telemetry waits');
    } finally {
      this.#pass = undefined;
    }
  }

  get #isLive(): boolean {
    return this.#parts.uplink.connected && !this.#isStopped;
  }

  /** From the first to the last, past those that fail: one that the broker never takes must not block the rest. */
  async #sendEvents(): Promise<void> {
    const { outbox, maxInFlight = 32 } = this.#parts;
    let after: string | undefined;
    while (this.#isLive) {
      const sent = await this.#shipment.send(await outbox.read({ kind: 'event', after, from: 'oldest' }, maxInFlight));
      if (sent === undefined || sent.taken === 0) return;
      after = sent.last;
    }
  }

  async #sendWindows(): Promise<void> {
    const { outbox, maxInFlight = 32 } = this.#parts;
    if (!this.#isLive) return;
    const after = this.#tried;
    let untried = await outbox.read(
      { kind: 'window', after, from: after === undefined ? 'newest' : 'oldest' },
      maxInFlight,
    );
    const newest = after === undefined ? untried[0] : untried.at(-1);
    this.#tried = newest?.id ?? after;
    while (this.#isLive) {
      const sent = await this.#shipment.send(untried);
      if (sent === undefined || sent.taken === 0) return;
      untried = untried.slice(untried.findIndex(({ id }) => id === sent.last) + 1);
    }
  }
}
