import type { Clock } from '@bellwether/shared/clock';
import type { AuditTrail } from '../audit/audit-row.js';
import { networkOf } from '../limits/network-of.js';

/** A device's failures are one row in so long. */
const quietMs = 60 * 60_000;

interface Failures {
  readonly atMs: number;
  /** Since that row, and in no row. */
  readonly unwritten: number;
}

/**
 * Writes into the audit log what of devices' sessions tells something: the first since the server's start, one from
 * another network, and failures under a known device's name. A device opens two every ten minutes all its life: those would
 * bury everything else, and its receipts tell when it was there. What is remembered is bounded by the fleet.
 */
export class SessionAudit {
  readonly #audit: AuditTrail;
  readonly #clock: Clock;
  /** Where each device was last let in from. */
  readonly #networks = new Map<string, string>();
  readonly #failures = new Map<string, Failures>();

  constructor(audit: AuditTrail, clock: Clock) {
    this.#audit = audit;
    this.#clock = clock;
  }

  /** `device` is in the fleet and has proved to be it. Resolves when what has to be written is. */
  async opened(device: string, address: string): Promise<void> {
    const network = networkOf(address);
    if (this.#networks.get(device) === network) return;
    this.#networks.set(device, network);
    const entry = { actor: `device:${device}`, action: 'session.open', subject: device, details: { address } } as const;
    await this.#audit.recordSoon(entry);
  }

  /** Somebody did not prove to be `device`, which is in the fleet, or it may not come in. */
  async failed(device: string, address: string, code: string): Promise<void> {
    const atMs = this.#clock.now().monotonicMs;
    const last = this.#failures.get(device);
    if (last !== undefined && atMs - last.atMs < quietMs) {
      this.#failures.set(device, { ...last, unwritten: last.unwritten + 1 });
      return;
    }
    this.#failures.set(device, { atMs, unwritten: 0 });
    const details = { address, code, unwritten: last?.unwritten ?? 0 };
    await this.#audit.recordSoon({ actor: 'anonymous', action: 'session.fail', subject: device, details });
  }
}
