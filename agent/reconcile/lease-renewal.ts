import type { Clock } from '@bellwether/shared/clock';
import type { Order } from '@bellwether/shared/contract/order';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';

/** A lease is renewed when a third of it is over; a try that brought nothing is followed by another after a sixth. */
const renewAfter = 1 / 3;
const tryAgainAfter = 1 / 6;

export interface LeaseRenewalParts {
  /** Since when the leases stand, monotonic milliseconds; null: there is none. */
  readonly leaseFromMs: () => number | null;
  /** Asks the server for its signed time. */
  readonly askTime: (signal: AbortSignal) => Promise<void>;
  /** It came. */
  readonly onTime: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps the leases of ordered canaries alive while the server answers [T-5]; without canaries it asks nobody. */
export class LeaseRenewal {
  readonly #parts: LeaseRenewalParts;
  readonly #stopping = new AbortController();
  #cancel: () => void = () => {};
  #leaseMs = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: LeaseRenewalParts) {
    this.#parts = parts;
  }

  /** Another order stands. */
  ordered({ models }: Pick<Order, 'models'>): void {
    const leases = Object.values(models).flatMap(({ canary }) => (canary === undefined ? [] : [canary.leaseSeconds]));
    this.#leaseMs = leases.length === 0 ? 0 : Math.min(...leases) * 1000;
    const { leaseFromMs, clock } = this.#parts;
    const sinceMs = clock.now().monotonicMs - (leaseFromMs() ?? Number.NEGATIVE_INFINITY);
    this.#schedule(Math.max(0, this.#leaseMs * renewAfter - sinceMs));
  }

  /** Resolves when nothing is on its way. May be called twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancel();
    await this.#running;
  }

  #schedule(delayMs: number): void {
    this.#cancel();
    if (this.#leaseMs === 0 || this.#stopping.signal.aborted) return;
    this.#cancel = this.#parts.clock.after(delayMs, () => {
      this.#running = this.#renew();
    });
  }

  async #renew(): Promise<void> {
    const { leaseFromMs, askTime, onTime, log } = this.#parts;
    const { signal } = this.#stopping;
    const before = leaseFromMs();
    try {
      await askTime(signal);
      onTime();
    } catch (error) {
      if (!signal.aborted) log.warn({ err: messageOf(error) }, 'the lease of a canary was not renewed');
    }
    // Time may come that renews nothing: there is a newer order, and it is withheld, or still on its way.
    this.#schedule(this.#leaseMs * (leaseFromMs() === before ? tryAgainAfter : renewAfter));
  }
}
