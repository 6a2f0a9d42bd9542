import type { Clock } from '@bellwether/shared/clock';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import {
  type Outbox,
  OutboxError,
  type OutboxKind,
  type OutboxLosses,
  type OutboxMessage,
  type OutboxRange,
  type OutboxState,
} from './outbox.js';
import { openStore, type Store, totalsKey } from './outbox-level-store.js';
import { isExpired, keyBefore, keysOf, type OutboxRecord, parseRecord, recordKey } from './outbox-record.js';
import {
  emptyTotals,
  type OutboxTotals,
  recount,
  stateOf,
  withLoss,
  withoutRecords,
  withRecord,
} from './outbox-totals.js';

export interface OutboxLevelOptions {
  readonly folder: string;
  /** Of payloads; LevelDB needs up to about twice as much on disk. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Lost before it could be opened: they count from now on. */
  readonly lostBefore?: OutboxLosses;
  readonly clock: Clock;
  readonly log: Log;
}

/** Reading ahead, LevelDB would go through a megabyte of values for the two keys that are looked at as a rule. */
const fewAtATime = { highWaterMarkBytes: 128 } as const;

/** It is tidied when this many messages were removed and few are left, which are cheap to write anew. */
const compactAfter = 1024;
const fewWaiting = 64;

/** Opens the outbox in a folder; throws OutboxError when the folder is in use, read-only or full. Damage is repaired, counted and logged. */
export async function openOutbox(options: OutboxLevelOptions): Promise<Outbox> {
  const { folder, log } = options;
  const { store, totals, isDamaged } = await openStore(folder, log, false);
  // Where damage took the totals too, nobody knows how much was lost: at least one window.
  const atLeast = isDamaged ? { ...emptyTotals, lostWindows: 1 } : emptyTotals;
  const { window = 0, event = 0 } = options.lostBefore ?? {};
  const counted = withLoss(withLoss(totals ?? atLeast, 'window', window), 'event', event);
  const outbox = new OutboxLevel(options, store, counted);
  if (isDamaged) await outbox.recount();
  return outbox;
}

/** The outbox in LevelDB. One operation at a time: totals are written with what they count. */
class OutboxLevel implements Outbox {
  readonly #options: OutboxLevelOptions;
  #store: Store;
  #totals: OutboxTotals;
  #last: Promise<unknown> = Promise.resolve();
  /** Nothing lies at or below these keys: LevelDB would step over every record that was removed there, one by one, each time. */
  #below: Partial<Record<OutboxKind, string>> = {};
  #removed = 0;
  #compacting: Promise<void> = Promise.resolve();
  /** Set by a failed operation: the store is opened anew before the next, and repaired where it was damaged. */
  #fault: 'none' | 'failed' | 'damaged' = 'none';
  #isClosed = false;

  constructor(options: OutboxLevelOptions, store: Store, totals: OutboxTotals) {
    this.#options = options;
    this.#store = store;
    this.#totals = totals;
  }

  get state(): OutboxState {
    return stateOf(this.#totals);
  }

  get isUnwritable(): boolean {
    return this.#fault !== 'none';
  }

  async put(kind: OutboxKind, payload: Uint8Array): Promise<void> {
    try {
      await this.#inTurn(() => this.#put(kind, payload));
    } catch (error) {
      // In memory for now; the next batch that succeeds makes it durable.
      this.#totals = withLoss(this.#totals, kind, 1);
      throw error;
    }
  }

  read(range: OutboxRange, limit: number): Promise<readonly OutboxMessage[]> {
    return this.#inTurn(async () => {
      const { kind, after = this.#below[kind], before, from } = range;
      if (!this.#has(kind)) return [];
      const keys = keysOf({ kind, after, before });
      const found = await this.#store.iterator({ ...keys, limit, reverse: from === 'newest' }).all();
      return found.map(([id, payload]) => ({ id, kind, payload }));
    });
  }

  remove(ids: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      const records = await this.#present(ids);
      // Not flushed: after a power cut they are sent again, which readers bear [W-4]; kill -9 does not undo it.
      await this.#write(records, withoutRecords(this.#totals, records), { sync: false });
      this.#removed += records.length;
      if (this.#removed >= compactAfter && this.state.waiting < fewWaiting) this.#compact();
    });
  }

  lose(ids: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      const records = await this.#present(ids);
      await this.#write(records, withDropped(this.#totals, records), { sync: true });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    await this.#compacting;
    await this.#store.close();
  }

  /** Counts what is there after damage. */
  async recount(): Promise<void> {
    const { log } = this.#options;
    const before = this.#totals;
    const found: OutboxRecord[] = [];
    for await (const key of this.#store.keys()) {
      const record = parseRecord(key);
      if (record !== undefined) found.push(record);
    }
    await this.#write([], recount(before, found), { sync: true });
    log.warn({ before: stateOf(before), now: this.state }, 'the outbox has been counted again');
  }

  /** Asked before LevelDB is: where a kind has nothing, it would step over all that was removed of the next one, too. */
  #has(kind: OutboxKind): boolean {
    return (kind === 'event' ? this.#totals.events : this.#totals.windows) > 0;
  }

  async #present(ids: readonly string[]): Promise<OutboxRecord[]> {
    const present = await this.#store.hasMany([...ids]);
    return ids.flatMap((id, i) => (present[i] === true ? (parseRecord(id) ?? []) : []));
  }

  async #put(kind: OutboxKind, payload: Uint8Array): Promise<void> {
    const { maxBytes, clock, log } = this.#options;
    const bytes = payload.byteLength;
    if (bytes > maxBytes) throw new OutboxError('outbox-unwritable', `${bytes} bytes do not fit in ${maxBytes}`);
    const nowMs = clock.now().wallMs;
    const dropped = await this.#oldest(this.#totals.bytes + bytes - maxBytes, nowMs);
    const kept = withDropped(this.#totals, dropped);
    const record = { key: recordKey(kind, kept.next, bytes, nowMs), value: payload };
    await this.#write(dropped, withRecord(kept, kind, bytes), { sync: true, record });
    if (dropped.length > 0)
      log.warn({ dropped: dropped.length, ...this.state }, 'the outbox dropped its oldest messages');
  }

  /** Records to drop: what is too old, and the oldest, windows before events, until `excessBytes` are free. */
  async #oldest(excessBytes: number, nowMs: number): Promise<OutboxRecord[]> {
    const dropped: OutboxRecord[] = [];
    let freedBytes = 0;
    for (const kind of ['window', 'event'] as const) {
      if (!this.#has(kind)) continue;
      // What is dropped here is gone for `#below` already, although it goes only with the next batch: a failed one begins anew.
      let below = keyBefore(kind, this.#totals.next);
      for await (const key of this.#store.keys({ ...keysOf({ kind, after: this.#below[kind] }), ...fewAtATime })) {
        const record = parseRecord(key);
        if (record === undefined) continue;
        if (freedBytes >= excessBytes && !isExpired(record, nowMs, this.#options.maxAgeMs)) {
          below = keyBefore(kind, record.number);
          break;
        }
        dropped.push(record);
        freedBytes += record.bytes;
      }
      this.#below = { ...this.#below, [kind]: below };
    }
    return dropped;
  }

  async #write(
    gone: readonly OutboxRecord[],
    totals: OutboxTotals,
    {
      sync,
      record,
    }: { readonly sync: boolean; readonly record?: { readonly key: string; readonly value: Uint8Array } },
  ): Promise<void> {
    const batch = this.#store.batch();
    for (const { key } of gone) batch.del(key);
    if (record !== undefined) batch.put(record.key, record.value);
    batch.put(totalsKey, Buffer.from(JSON.stringify(totals)));
    await batch.write({ sync });
    this.#totals = totals;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      if (this.#isClosed) throw new OutboxError('outbox-closed', 'the outbox is closed');
      try {
        if (this.#fault !== 'none') await this.#reopen();
        return await work();
      } catch (cause) {
        if (cause instanceof OutboxError) throw cause;
        this.#fault = codeOf(cause) === 'LEVEL_CORRUPTION' ? 'damaged' : 'failed';
        throw new OutboxError('outbox-unwritable', `${this.#options.folder}: ${messageOf(cause)}`, { cause });
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** After a long backfill: what was removed takes its place on disk until LevelDB tidies up, which few writes never make it do. */
  #compact(): void {
    this.#removed = 0;
    this.#compacting = this.#store
      .compactRange(totalsKey, '~')
      .catch((error: unknown) =>
        this.#options.log.warn({ err: messageOf(error) }, 'the outbox could not be compacted'),
      );
  }

  /** LevelDB does not recover by itself from a failed write or a damaged block. */
  async #reopen(): Promise<void> {
    const { folder, log } = this.#options;
    this.#below = {};
    await this.#compacting;
    await this.#store.close();
    const { store } = await openStore(folder, log, this.#fault === 'damaged');
    this.#store = store;
    await this.recount();
    this.#fault = 'none';
  }
}

function withDropped(totals: OutboxTotals, dropped: readonly OutboxRecord[]): OutboxTotals {
  return dropped.reduce((sum, record) => withLoss(sum, record.kind, 1), withoutRecords(totals, dropped));
}
