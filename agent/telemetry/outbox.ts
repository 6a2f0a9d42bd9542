import type { Window } from '@bellwether/shared/contract/window';
import { CodedError } from '@bellwether/shared/errors';

/** Events outlive windows: of a full outbox the oldest windows go first, events last. */
export type OutboxKind = 'event' | 'window';

/** A message that waits to be published. Ids of one kind sort by age, the oldest first. */
export interface OutboxMessage {
  readonly id: string;
  readonly kind: OutboxKind;
  readonly payload: Uint8Array;
}

/** Messages of one kind between two ids, neither of them included, and from which end. */
export interface OutboxRange {
  readonly kind: OutboxKind;
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly from: 'oldest' | 'newest';
}

/** Messages lost, by kind. */
export type OutboxLosses = Readonly<Record<OutboxKind, number>>;

/** What waits, and what was dropped since the agent was installed. */
export type OutboxState = Window['outbox'];

/** `outbox-locked`: another process has it. `outbox-unwritable`: read-only or full. `outbox-closed`: used after close(). */
export type OutboxErrorCode = 'outbox-locked' | 'outbox-unwritable' | 'outbox-closed';
export class OutboxError extends CodedError<OutboxErrorCode> {}

/** Windows and events until the broker has them: durable, bounded, every loss counted. */
export interface Outbox {
  readonly state: OutboxState;
  /** True while the disk takes nothing: what is put is lost, and counted. */
  readonly isUnwritable: boolean;
  /** Durable when it resolves; rejects with OutboxError, and then the message is counted as lost. */
  put(kind: OutboxKind, payload: Uint8Array): Promise<void>;
  /** Up to `limit` messages, from the end of the range that it names; rejects with OutboxError. */
  read(range: OutboxRange, limit: number): Promise<readonly OutboxMessage[]>;
  /** Forgets what has been published; ids that are gone already do no harm. Rejects with OutboxError. */
  remove(ids: readonly string[]): Promise<void>;
  /** As `remove`, of what nobody will ever take: each one counts as lost. Rejects with OutboxError. */
  lose(ids: readonly string[]): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}
