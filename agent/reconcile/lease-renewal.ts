import type { Clock } from '@bellwether/shared/clock';
import type { Order } from '@bellwether/shared/contract/order';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';

/** A lease is renewed when a third of it is over, so that two tries may fail. */
const triesPerLease = 3;

export interface LeaseRenewalParts {
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
  #everyMs = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: LeaseRenewalParts) {
    this.#parts = parts;
  }

  /** Another order stands. */
  ordered({ models }: Pick<Order, 'models'>): void {
    const leases = Object.values(models).flatMap(({ canary }) => (canary === undefined ? [] : [canary.leaseSeconds]));
    this.#everyMs = leases.length === 0 ? 0 : (Math.min(...leases) * 1000) / triesPerLease;
    this.#schedule();
  }

  /** Resolves when nothing is on its way. May be called twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancel();
    await this.#running;
  }

  #schedule(): void {
    this.#cancel();
    if (this.#everyMs === 0 || this.#stopping.signal.aborted) return;
    this.#cancel = this.#parts.clock.after(this.#everyMs, () => {
      this.#running = this.#renew();
    });
  }

  async #renew(): Promise<void> {
    const { askTime, onTime, log } = this.#parts;
    const { signal } = this.#stopping;
    try {
      await askTime(signal);
      onTime();
    } catch (error) {
      if (!signal.aborted) log.warn({ err: messageOf(error) }, 'the lease of a canary was not renewed');
    }
    this.#schedule();
  }
}
