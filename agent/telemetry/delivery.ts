import { codeOf, messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { Uplink } from '../uplink/uplink.js';
import type { Outbox, OutboxMessage } from './outbox.js';
import { Suspects } from './suspects.js';

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
  readonly #suspects = new Suspects();
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
      this.#parts.log.error({ err: messageOf(error) }, 'the outbox cannot be read; telemetry waits');
    } finally {
      this.#pass = undefined;
    }
  }

  /** From the first message to the last, past those that fail: one that the broker never takes must not block the rest. */
  async #deliverAll(): Promise<void> {
    const { uplink, outbox, maxInFlight = 32 } = this.#parts;
    let after: string | undefined;
    while (uplink.connected && !this.#isStopped) {
      const batch = this.#suspects.together(await outbox.read(after, maxInFlight));
      const last = batch.at(-1);
      if (last === undefined) return;
      const { taken, closedOn } = await this.#publish(batch);
      if (this.#isStopped) return;
      await this.#giveUp(this.#suspects.closedOn(closedOn));
      if (taken.length === 0) return;
      this.#suspects.clear(taken);
      await outbox.remove(taken);
      after = last.id;
    }
  }

  /** A message that the broker hangs up on, again and again, is lost, and counted as that: the rest must get through. */
  async #giveUp(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    this.#parts.log.error({ ids }, 'the broker ends the connection on a message every time; it is given up');
    await this.#parts.outbox.lose(ids);
  }

  /** The ids that the broker acknowledged, and those that were in flight when the connection ended. */
  async #publish(batch: readonly OutboxMessage[]): Promise<Record<'taken' | 'closedOn', readonly string[]>> {
    const { uplink, log } = this.#parts;
    const taken: string[] = [];
    const closedOn: string[] = [];
    const publish = async ({ id, kind, payload }: OutboxMessage): Promise<void> => {
      try {
        await uplink.publish(kind, payload);
        taken.push(id);
      } catch (error) {
        if (codeOf(error) === 'closed') closedOn.push(id);
        log.debug({ id, err: messageOf(error) }, 'a message was not taken and stays in the outbox');
      }
    };
    await Promise.all(batch.map(publish));
    return { taken, closedOn };
  }
}
