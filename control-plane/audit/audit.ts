import type { Clock } from '@bellwether/shared/clock';
import { GroupCommit } from '../database/group-commit.js';
import { type ChainEnd, nextRow } from './audit-chain.js';
import type { AuditEntry, AuditRow, AuditTrail } from './audit-row.js';
import type { AuditStore } from './audit-store.js';

/** Writes decisions down as they are taken: each is durable when `record` returns [T-14]. */
export class Audit implements AuditTrail {
  readonly #store: AuditStore;
  readonly #clock: Clock;
  readonly #soon: GroupCommit<AuditEntry, undefined>;

  constructor(store: AuditStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#soon = new GroupCommit({
      clock,
      commit: (entries) => {
        this.recordAll(entries);
        return entries.map(() => undefined);
      },
      maxDelayMs: 5,
      maxItems: 1000,
    });
  }

  record(entry: AuditEntry): void {
    this.recordAll([entry]);
  }

  async recordSoon(entry: AuditEntry): Promise<void> {
    await this.#soon.add(entry);
  }

  /** Writes what waits. */
  stop(): void {
    this.#soon.flush();
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

  /** The number of the last row; 0 in an empty log. */
  end(): number {
    return this.#store.end()?.sequence ?? 0;
  }

  /** Rows after the one with the number `after`, in their order. */
  rows(after: number, limit: number): readonly AuditRow[] {
    return this.#store.rows(after, limit);
  }
}
