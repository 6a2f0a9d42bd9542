import { decodeDocument } from '@bellwether/shared/contract/decode';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import type { OutboxKind, OutboxState } from './outbox.js';
import type { OutboxRecord } from './outbox-record.js';

const count = Type.Integer({ minimum: 0 });

/** Counters of an outbox, stored in the same batch as every change: after a crash they fit what is there. */
export const OutboxTotals = Type.Object({
  /** Number of the next record. */
  next: count,
  events: count,
  windows: count,
  bytes: count,
  lostEvents: count,
  lostWindows: count,
});
export type OutboxTotals = Static<typeof OutboxTotals>;

export const emptyTotals: OutboxTotals = { next: 1, events: 0, windows: 0, bytes: 0, lostEvents: 0, lostWindows: 0 };

const compiled = Compile(OutboxTotals);

/** Reads stored totals; throws DecodeError. */
export function decodeTotals(bytes: Uint8Array): OutboxTotals {
  return decodeDocument(compiled, bytes, { what: 'outbox totals', maxBytes: 4096 });
}

/** The totals after one more record. */
export function withRecord(totals: OutboxTotals, kind: OutboxKind, bytes: number): OutboxTotals {
  const field = kind === 'event' ? 'events' : 'windows';
  return { ...totals, next: totals.next + 1, bytes: totals.bytes + bytes, [field]: totals[field] + 1 };
}

/** The totals without these records. */
export function withoutRecords(totals: OutboxTotals, records: readonly OutboxRecord[]): OutboxTotals {
  let { events, windows, bytes } = totals;
  for (const record of records) {
    if (record.kind === 'event') events--;
    else windows--;
    bytes -= record.bytes;
  }
  return { ...totals, events, windows, bytes };
}

/** The totals after losing `count` records of a kind, which are in them no more. */
export function withLoss(totals: OutboxTotals, kind: OutboxKind, lost: number): OutboxTotals {
  const field = kind === 'event' ? 'lostEvents' : 'lostWindows';
  return { ...totals, [field]: totals[field] + lost };
}

/** What is there after damage, against what the last totals say: the difference is lost. */
export function recount(before: OutboxTotals, found: readonly OutboxRecord[]): OutboxTotals {
  const events = found.filter((record) => record.kind === 'event').length;
  const windows = found.length - events;
  return {
    next: found.reduce((next, record) => Math.max(next, record.number + 1), before.next),
    events,
    windows,
    bytes: found.reduce((sum, record) => sum + record.bytes, 0),
    lostEvents: before.lostEvents + Math.max(0, before.events - events),
    lostWindows: before.lostWindows + Math.max(0, before.windows - windows),
  };
}

/** As windows report it. */
export function stateOf(totals: OutboxTotals): OutboxState {
  const { events, windows, bytes, lostWindows, lostEvents } = totals;
  return { waiting: events + windows, bytes, lostWindows, lostEvents };
}
