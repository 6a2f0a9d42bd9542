import type { ChainEnd } from './audit-chain.js';
import type { AuditRow } from './audit-row.js';

/** Where the log is kept: rows are added, and never changed. */
export interface AuditStore {
  /** Adds what `make` answers for the last row, in one transaction: two writers cannot follow the same row. */
  append(make: (last: ChainEnd | undefined) => readonly AuditRow[]): void;
  /** Rows after `after`, in their order. */
  rows(after: number, limit: number): readonly AuditRow[];
}
