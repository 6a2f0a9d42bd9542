import type { Clock } from '@bellwether/shared/clock';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { DeviceTrust } from '../trust/device-trust.js';

const firstMs = 60_000;
const everyMs = 6 * 3_600_000;

export interface MetadataRefreshParts {
  readonly trust: Pick<DeviceTrust, 'refresh' | 'versions'>;
  /** Brings signed time, by which expiry is judged, and where the audit log ends [T-8, T-14]. */
  readonly meetServer: (signal: AbortSignal) => Promise<unknown>;
  /** Newer metadata may have listed or withdrawn something. */
  readonly onRefreshed: () => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Newer metadata every 6 h ± 20 % [T-8], so that a withdrawal arrives though no order does; sooner after a failure. */
export class MetadataRefresh {
  readonly #parts: MetadataRefreshParts;
  readonly #stopping = new AbortController();
  #cancel: () => void = () => {};
  #running: Promise<unknown> = Promise.resolve();
  #failures = 0;

  constructor(parts: MetadataRefreshParts) {
    this.#parts = parts;
  }

  start(): void {
    // Without any there is nothing to serve from: at the first start, or when what was stored is torn.
    this.#schedule(this.#parts.trust.versions === null ? 0 : firstMs);
  }

  /** An order says that there is newer metadata than this snapshot: fetched at once, unless it is here [T-9]. */
  orderedAtLeast(snapshot: number | undefined): void {
    if (snapshot === undefined || snapshot <= (this.#parts.trust.versions?.snapshot ?? 0)) return;
    this.#begin(false);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancel();
    await this.#running;
  }

  #schedule(delayMs: number): void {
    const { clock, random } = this.#parts;
    this.#cancel(); // one that was ordered may have ended just before: one timer is enough
    this.#cancel = clock.after(delayMs * (0.8 + 0.4 * random()), () => this.#begin(true));
  }

  #begin(meets: boolean): void {
    this.#running = Promise.all([this.#running, this.#refresh(meets)]);
  }

  /** The server may be away while the artefacts are not. */
  async #meetServer(signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.meetServer(signal);
    } catch (error) {
      this.#parts.log.info({ err: messageOf(error) }, 'no session for signed time; what is known stands');
    }
  }

  async #refresh(meets: boolean): Promise<void> {
    const { trust, log, onRefreshed } = this.#parts;
    const { signal } = this.#stopping;
    if (meets) await this.#meetServer(signal);
    try {
      await trust.refresh(signal);
      this.#failures = 0;
      onRefreshed();
    } catch (error) {
      this.#failures++;
      log.warn({ err: messageOf(error) }, 'metadata not refreshed; what is stored stands');
    }
    if (!signal.aborted)
      this.#schedule(this.#failures === 0 ? everyMs : Math.min(everyMs, firstMs * 2 ** (this.#failures - 1)));
  }
}
