import type { Database } from 'better-sqlite3';
import { eventColumns } from './event-conditions.js';
import type { EventPage, EventQuery, TimelineEvent } from './timeline-api.js';
import { rowOf, type Timeline, type TimelineEntry } from './timeline-entry.js';
import { TimelineReaderSql } from './timeline-reader-sql.js';

/** The fleet's timeline in SQLite: the table `events`. Who deletes what is too old: telemetry-store-sql.ts. */
export class TimelineStoreSql implements Timeline {
  readonly #reader: TimelineReaderSql;
  readonly #added: () => void;
  readonly #statements: ReturnType<typeof prepare>;

  /** `added` is told that there may be more rows, before they are committed. It must not throw. */
  constructor(db: Database, added: () => void = () => {}) {
    this.#reader = new TimelineReaderSql(db);
    this.#added = added;
    this.#statements = prepare(db);
  }

  add(entry: TimelineEntry): boolean {
    const isNew = this.#statements.insert.run(rowOf(entry)).changes === 1;
    if (isNew) this.#added();
    return isNew;
  }

  /** The id of the newest row; 0 in an empty timeline. */
  newest(): number {
    return this.#reader.newest();
  }

  /** The newest rows after this one, at most so many, in the order of storing. */
  since(id: number, limit: number): TimelineEvent[] {
    return this.#statements.since.all(id, limit).reverse();
  }

  /** Which releases devices served before this time, each once, the newest last. Asked at the start: it reads all that is kept of it. */
  servedBefore(ms: number): readonly { readonly device: string; readonly release: string }[] {
    return this.#statements.servedBefore.all(ms);
  }

  /** A part of the timeline, read here and now: for few rows. What people ask goes to a reading thread. */
  page(query: EventQuery, limit: number): EventPage {
    return this.#reader.page(query, limit);
  }
}

type Values = Readonly<Record<string, string | number | null>>;

function prepare(db: Database) {
  return {
    // What is said about a release, and does not say of which rollout, belongs to the newest one of it.
    insert: db.prepare<[Values]>(
      `insert into events (device, source, run_id, sequence, digest, at_ms, arrived_at_ms, time_ms, kind, actor, model,
         release, rollout, label, code, message)
       values (@device, @source, @runId, @sequence, @digest, @atMs, @arrivedAtMs, @timeMs, @kind, @actor, @model,
         @release, coalesce(@rollout, (select 'r' || max(number) from rollouts where model = @model and version = @version)), @label, @code, @message)
       on conflict do nothing`,
    ),
    servedBefore: db.prepare<[number], { device: string; release: string }>(
      `select device, release from events where kind = 'release-serving' and time_ms < ? and release is not null
       group by device, release order by max(time_ms)`,
    ),
    since: db.prepare<[number, number], TimelineEvent>(
      `select ${eventColumns} from events where id > ? order by id desc limit ?`,
    ),
  };
}
