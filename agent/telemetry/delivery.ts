import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { Uplink } from '../uplink/uplink.js';
import type { Outbox, OutboxMessage } from './outbox.js';

export interface DeliveryParts {
  readonly uplink: Pick<Uplink, 'connected' | 'publish'>;
  readonly outbox: Outbox;
  readonly log: Log;
  /** Publishes that may wait for their acknowledgement at a time. */
  readonly maxInFlight?: number;
}

/** Brings what waits in the outbox to the broker: a message is forgotten when the broker has acknowledged it, not before. */
export class Delivery {
  readonly #parts: DeliveryParts;
  #pass: Promise<void> | undefined;
  #isWanted = false;
  #isStopped = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Something waits, or the connection is back. One pass at a time; resolves when nothing more can be delivered now. */
  run(): Promise<void> {
    this.#isWanted = true;
    this.#pass ??= this.#runPasses();
    return this.#pass;
  }

  /** Begins no further batch, and leaves the outbox alone from now on: what is still in flight will be sent again. */
  stop(): void {
    this.#isStopped = true;
  }

  async #runPasses(): Promise<void> {
    try {
      while (this.#isWanted && !this.#isStopped) {
        this.#isWanted = false;
        await this.#deliverAll();
      }
    } catch (error) {
      this.#parts.log.error({ error: messageOf(error) }, 'the outbox cannot be read; telemetry waits');
    } finally {
      this.#pass = undefined;
    }
  }

  /** From the first message to the last, past those that fail: one that the broker never takes must not block the rest. */
  async #deliverAll(): Promise<void> {
    const { uplink, outbox, maxInFlight = 32 } = this.#parts;
    let after: string | undefined;
    while (uplink.connected && !this.#isStopped) {
      const batch = await outbox.read(after, maxInFlight);
      const last = batch.at(-1);
      if (last === undefined) return;
      const taken = await this.#publish(batch);
      if (this.#isStopped) return;
      if (taken.length === 0) return;
      await outbox.remove(taken);
      after = last.id;
    }
  }

  /** The ids that the broker acknowledged. */
  async #publish(batch: readonly OutboxMessage[]): Promise<string[]> {
    const { uplink, log } = this.#parts;
    const results = await Promise.all(
      batch.map(async ({ id, kind, payload }) => {
        try {
          await uplink.publish(kind, payload);
          return [id];
        } catch (error) {
          log.debug({ id, error: messageOf(error) }, 'a message was not taken and stays in the outbox');
          return [];
        }
      }),
    );
    return results.flat();
  }
}
