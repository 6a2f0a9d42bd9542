import type { ChainEnd } from './audit-chain.js';
import type { AuditRow } from './audit-row.js';

/** Where the log is kept: rows are added, and never changed. */
export interface AuditStore {
  /** Adds what `make` answers for the last row, in one transaction: two writers cannot follow the same row. */
  append(make: (last: ChainEnd | undefined) => readonly AuditRow[]): void;
  /** Rows after `after`, in their order. */
  rows(after: number, limit: number): readonly AuditRow[];
  /** The last row; undefined in an empty log. */
  end(): ChainEnd | undefined;
}

/** A signed head: the envelope as JSON text. */
export interface StoredHead {
  readonly sequence: number;
  readonly atMs: number;
  readonly envelope: string;
}

/** Where heads are kept: one for a length of the log. */
export interface AuditHeadStore {
  end(): ChainEnd | undefined;
  head(sequence: number): StoredHead | undefined;
  insertHead(head: StoredHead): void;
  /** Newest first. */
  heads(limit: number): readonly StoredHead[];
}
