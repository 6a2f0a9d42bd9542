import type { Clock } from '@bellwether/shared/clock';
import { ReadingThread } from './reading-thread-sql.js';
import type { ReadingKind, Readings } from './readings.js';

/**
 * Which thread reads what. SQLite cannot lay one question aside for another: series of a year take seconds, and a page of the
 * timeline must not wait for them. So there are two threads, one for each pace.
 */
const paces = { series: 'slow', events: 'quick', gauges: 'quick', size: 'slow' } as const satisfies Record<
  ReadingKind,
  string
>;

/** Everything that is read off the main thread. */
export class Reading {
  readonly #threads: { readonly quick: ReadingThread; readonly slow: ReadingThread };

  /** `file`: the database. */
  constructor(file: string, clock: Clock) {
    this.#threads = { quick: new ReadingThread(file, clock), slow: new ReadingThread(file, clock) };
  }

  /** Rejects with ReadingError, or with what the question itself is refused for. */
  ask<Kind extends ReadingKind>(kind: Kind, asked: Readings[Kind]['asked']): Promise<Readings[Kind]['told']> {
    return this.#threads[paces[kind]].ask(kind, asked);
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    await Promise.all([this.#threads.quick.stop(), this.#threads.slow.stop()]);
  }
}
