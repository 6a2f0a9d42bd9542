import type { Clock } from '@bellwether/shared/clock';
import type { Order } from '@bellwether/shared/contract/order';
import type { Report } from '@bellwether/shared/contract/report';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { Announcement } from '../installs/install.js';
import type { DeviceTrust, OrderOutcome } from '../trust/device-trust.js';
import { backoffMs, refusalBackoff } from './backoff.js';
import { isPassing } from './plan-install.js';

export interface OrderDeskParts {
  readonly trust: Pick<DeviceTrust, 'offerOrder'>;
  readonly announce: (announcement: Announcement) => void;
  /** A newer order stands. */
  readonly onAccepted: (order: Order) => void;
  /** An order was refused: only the report changes. */
  readonly onRefused: () => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Takes orders from the network to the gate, and remembers the last refusal for the report. */
export class OrderDesk {
  readonly #parts: OrderDeskParts;
  readonly #stopping = new AbortController();
  #refusal: Report['orderRefusal'] = null;
  #newest: Uint8Array | undefined;
  #attempts = 0;
  #cancelRetry: () => void = () => {};

  constructor(parts: OrderDeskParts) {
    this.#parts = parts;
  }

  /** The last order that was refused since the last accepted one. */
  get refusal(): Report['orderRefusal'] {
    return this.#refusal;
  }

  /** Judges an order; resolves when an accepted one is on disk. What is wrong with it is told, never thrown. */
  async take(envelope: Uint8Array): Promise<void> {
    this.#newest = envelope;
    this.#attempts = 0;
    await this.#judge(envelope);
  }

  stop(): void {
    this.#stopping.abort();
    this.#cancelRetry();
  }

  async #judge(envelope: Uint8Array): Promise<void> {
    this.#cancelRetry();
    try {
      const outcome = await this.#parts.trust.offerOrder(envelope, this.#stopping.signal);
      this.#settle(outcome);
      if (outcome.kind === 'refused' && (outcome.isTooSoon === true || isPassing(outcome.refusal.code))) {
        this.#retryLater(envelope);
      }
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#parts.log.error({ err: messageOf(error) }, 'order could not be judged');
      this.#retryLater(envelope);
    }
  }

  /** Metadata could not be fetched, or was too short a time ago, or the disk is full: the same order, unless a newer one comes first. */
  #retryLater(envelope: Uint8Array): void {
    if (this.#newest !== envelope || this.#stopping.signal.aborted) return;
    this.#attempts++;
    const delayMs = backoffMs(refusalBackoff, this.#attempts, this.#parts.random());
    this.#cancelRetry = this.#parts.clock.after(delayMs, () => void this.#judge(envelope));
  }

  #settle(outcome: OrderOutcome): void {
    const { announce, onAccepted, onRefused, clock, log } = this.#parts;
    switch (outcome.kind) {
      case 'unchanged':
        return;
      case 'accepted': {
        const { epoch, generation, models } = outcome.accepted.order;
        log.info({ epoch, generation, models: Object.keys(models) }, 'order accepted');
        announce({ kind: 'order-accepted', message: `generation ${generation} of epoch ${epoch}` });
        this.#refusal = null;
        onAccepted(outcome.accepted.order);
        return;
      }
      case 'refused': {
        const { code } = outcome.refusal;
        const message = outcome.refusal.message.slice(0, 1000);
        const generation = outcome.generation === undefined ? {} : { generation: outcome.generation };
        log.warn({ code, why: message, ...generation }, 'order refused');
        // A retained order comes again with every connection, and events are kept at the cost of windows: told once.
        if (this.#refusal?.code !== code || this.#refusal.message !== message) {
          announce({ kind: 'order-refused', code, message });
        }
        this.#refusal = { code, message, atMs: Math.round(clock.now().wallMs), ...generation };
        onRefused();
      }
    }
  }
}
