import type { Clock } from '@bellwether/shared/clock';
import { type ChainEnd, nextRow } from './audit-chain.js';
import type { AuditEntry, AuditRow, AuditTrail } from './audit-row.js';
import type { AuditStore } from './audit-store.js';

/** Writes decisions down as they are taken: each is durable when `record` returns [T-14]. */
export class Audit implements AuditTrail {
  readonly #store: AuditStore;
  readonly #clock: Clock;

  constructor(store: AuditStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  record(entry: AuditEntry): void {
    this.recordAll([entry]);
  }

  /** Several decisions that were taken together: one transaction, one wait for the disk. */
  recordAll(entries: readonly AuditEntry[]): void {
    const atMs = Math.floor(this.#clock.now().wallMs);
    this.#store.append((last) => {
      const rows: AuditRow[] = [];
      let end: ChainEnd | undefined = last;
      for (const entry of entries) {
        const row = nextRow(entry, end, atMs);
        rows.push(row);
        end = row;
      }
      return rows;
    });
  }

  /** Rows after the one with the number `after`, in their order. */
  rows(after: number, limit: number): readonly AuditRow[] {
    return this.#store.rows(after, limit);
  }
}
