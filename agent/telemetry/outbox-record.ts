import type { OutboxKind, OutboxRange } from './outbox.js';

/**
 * A record's key says all that eviction needs, so that nothing is read for it: `e` or `w`, a number that grows, the
 * payload's bytes and the wall time of storing, `w/000000000042/412/1767225600000`. Keys sort by kind, then by age.
 */
export interface OutboxRecord {
  readonly key: string;
  readonly kind: OutboxKind;
  readonly number: number;
  readonly bytes: number;
  readonly storedAtMs: number;
}

const letters = { event: 'e', window: 'w' } as const;

/** A clock that says it is earlier has not been set yet: ages measured from it would drop everything once it is. */
const plausibleMs = Date.UTC(2025, 0, 1);

/** The key of a new record. */
export function recordKey(kind: OutboxKind, number: number, bytes: number, storedAtMs: number): string {
  return `${letters[kind]}/${String(number).padStart(12, '0')}/${bytes}/${storedAtMs}`;
}

/** Sorts after every record with a lower number, and before the one with this. */
export function keyBefore(kind: OutboxKind, number: number): string {
  return `${letters[kind]}/${String(number).padStart(12, '0')}`;
}

/** Reads a key; undefined when it is no record's. */
export function parseRecord(key: string): OutboxRecord | undefined {
  const [letter, ...numbers] = key.split('/');
  const [number, bytes, storedAtMs] = numbers.map(Number);
  if (letter !== 'e' && letter !== 'w') return undefined;
  if (number === undefined || bytes === undefined || storedAtMs === undefined) return undefined;
  return { key, kind: letter === 'e' ? 'event' : 'window', number, bytes, storedAtMs };
}

/** The keys of a range, for LevelDB; without ends all of one kind. */
export function keysOf({ kind, after, before }: Omit<OutboxRange, 'from'>): {
  readonly gt: string;
  readonly lt: string;
} {
  return { gt: after ?? `${letters[kind]}/`, lt: before ?? `${letters[kind]}0` };
}

/** True when a record is older than `maxAgeMs`, as far as wall time can be believed. */
export function isExpired(record: OutboxRecord, nowMs: number, maxAgeMs: number): boolean {
  return record.storedAtMs >= plausibleMs && nowMs - record.storedAtMs > maxAgeMs;
}
