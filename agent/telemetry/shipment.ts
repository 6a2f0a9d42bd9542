import { codeOf, messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { Uplink } from '../uplink/uplink.js';
import type { Outbox, OutboxMessage } from './outbox.js';
import { Suspects } from './suspects.js';

export interface ShipmentParts {
  readonly uplink: Pick<Uplink, 'publish'>;
  readonly outbox: Pick<Outbox, 'remove' | 'lose'>;
  readonly log: Log;
}

interface Flight {
  isAlone: boolean;
}

/** Publishes messages of the outbox: one is forgotten when the broker has acknowledged it, not before. Both lanes share it. */
export class Shipment {
  readonly #parts: ShipmentParts;
  readonly #suspects = new Suspects();
  /** By id: sent and not acknowledged, or acknowledged and not yet forgotten. */
  readonly #flying = new Map<string, Flight>();
  #isStopped = false;

  constructor(parts: ShipmentParts) {
    this.#parts = parts;
  }

  /** Leaves the outbox alone from now on: what is still in flight will be sent again. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Sends the first of these, as many as may travel together, and leaves out what the other lane has in flight. Answers
   * the last one that it looked at, and how many the broker took; undefined when there was nothing.
   */
  async send(
    messages: readonly OutboxMessage[],
  ): Promise<{ readonly last: string; readonly taken: number } | undefined> {
    const batch = this.#suspects.together(messages);
    const last = batch.at(-1);
    if (last === undefined) return undefined;
    const outcomes = await Promise.all(
      batch.filter(({ id }) => !this.#flying.has(id)).map((one) => this.#publish(one)),
    );
    const idsOf = (outcome: Outcome['outcome']) => outcomes.flatMap((one) => (one.outcome === outcome ? [one.id] : []));
    const taken = idsOf('taken');
    try {
      if (!this.#isStopped) await this.#settle(taken, idsOf('given-up'));
    } finally {
      for (const id of taken) this.#flying.delete(id);
    }
    return { last: last.id, taken: taken.length };
  }

  async #settle(taken: readonly string[], givenUp: readonly string[]): Promise<void> {
    const { outbox, log } = this.#parts;
    if (givenUp.length > 0) {
      // The rest must get through.
      log.error({ ids: givenUp }, 'the broker ends the connection on a message every time; it is given up');
      await outbox.lose(givenUp);
    }
    this.#suspects.clear(taken);
    if (taken.length > 0) await outbox.remove(taken);
  }

  async #publish({ id, kind, payload }: OutboxMessage): Promise<Outcome> {
    const { uplink, log } = this.#parts;
    const flight = this.#takeOff(id);
    try {
      await uplink.publish(kind, payload);
      return { id, outcome: 'taken' };
    } catch (error) {
      this.#flying.delete(id);
      log.debug({ id, err: messageOf(error) }, 'a message was not taken and stays in the outbox');
      const isGivenUp = codeOf(error) === 'closed' && this.#suspects.closedOn(id, flight.isAlone);
      return { id, outcome: isGivenUp ? 'given-up' : 'left' };
    }
  }

  /** Of several in flight nobody knows which one the broker hung up on. */
  #takeOff(id: string): Flight {
    const flight = { isAlone: this.#flying.size === 0 };
    for (const other of this.#flying.values()) other.isAlone = false;
    this.#flying.set(id, flight);
    return flight;
  }
}

interface Outcome {
  readonly id: string;
  readonly outcome: 'taken' | 'left' | 'given-up';
}
