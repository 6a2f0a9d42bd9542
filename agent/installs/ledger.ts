import type { Clock } from '@bellwether/shared/clock';
import { type Announcement, newInstall, transition } from './install.js';
import type { InstallEvent } from './install-event.js';
import { type InstallRecord, isSameRelease, type ReleaseRef } from './install-record.js';
import type { ReleaseStore } from './release-store.js';

export interface LedgerParts {
  readonly store: ReleaseStore;
  readonly clock: Clock;
  /** The records that need not be known any more. */
  readonly forgettable: (records: readonly InstallRecord[]) => readonly ReleaseRef[];
  /** Tells the control plane, once the record is on disk. */
  readonly announce: (announcement: Announcement) => void;
}

/** Where installs change phase: transition, then disk, then announcements, in this order. */
export class Ledger {
  readonly #parts: LedgerParts;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  records(): readonly InstallRecord[] {
    return this.#parts.store.records();
  }

  find(release: ReleaseRef): InstallRecord | undefined {
    return this.#parts.store.find(release);
  }

  /** An install begins, or begins again. Before it others are forgotten: whoever can sign orders must not fill the disk with names. */
  async begin(release: ReleaseRef): Promise<void> {
    const { store, clock } = this.#parts;
    await this.#forget();
    const record = store.find(release);
    const nowMs = clock.now().wallMs;
    const { next, effects } =
      record === undefined ? newInstall(release, nowMs) : transition(record, { type: 'begun' }, nowMs);
    await this.#persist(record, next, effects);
  }

  /** Something happened to a known install; throws InstallError when that cannot be. An unknown release is ignored: it was forgotten meanwhile. */
  async record(release: ReleaseRef, event: InstallEvent): Promise<void> {
    const record = this.#parts.store.find(release);
    if (record === undefined) return;
    const { next, effects } = transition(record, event, this.#parts.clock.now().wallMs);
    await this.#persist(record, next, effects);
  }

  /**
   * A release takes the requests: it is the latest that served. Nothing is written when it was that already, so that
   * what served before serves again after a restart though the disk is full.
   */
  async recordSwap(release: ReleaseRef): Promise<void> {
    const { store } = this.#parts;
    const latest = Math.max(0, ...store.records().map((record) => record.servedOrdinal));
    const own = store.find(release)?.servedOrdinal ?? 0;
    await this.record(release, { type: 'swapped', ordinal: own > 0 && own === latest ? own : latest + 1 });
  }

  /** After a start of the agent: every install gets its written answer, and what need not be known any more is forgotten. `orderOf` answers the order's entry for a model. */
  async recover(orderOf: (model: string) => string): Promise<void> {
    const { store } = this.#parts;
    for (const record of store.records()) {
      await this.record(record, { type: 'agent-restarted', order: orderOf(record.model) });
    }
    await this.#forget();
  }

  async #forget(): Promise<void> {
    const { store, forgettable } = this.#parts;
    const gone = forgettable(store.records());
    if (gone.length > 0) await store.forget(gone);
  }

  async #persist(
    before: InstallRecord | undefined,
    next: InstallRecord,
    effects: readonly Announcement[],
  ): Promise<void> {
    const isChanged = before === undefined || !isSameRecord(before, next);
    if (isChanged) await this.#parts.store.put(next);
    for (const effect of effects) this.#parts.announce(effect);
  }
}

function isSameRecord(a: InstallRecord, b: InstallRecord): boolean {
  return (
    isSameRelease(a, b) &&
    a.phase === b.phase &&
    a.crashes === b.crashes &&
    a.deaths === b.deaths &&
    a.servedOrdinal === b.servedOrdinal &&
    a.probation === b.probation &&
    a.canary === b.canary &&
    a.verdict === b.verdict
  );
}
