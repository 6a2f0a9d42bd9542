import type { Database } from 'better-sqlite3';
import { conditionsOf, eventColumns } from './event-conditions.js';
import { LabelledEventsSql } from './labelled-events-sql.js';
import type { EventPage, EventQuery, TimelineEvent } from './timeline-api.js';

/** Answers questions about the timeline: on the connection of a reading thread, or on the server's own. */
export class TimelineReaderSql {
  readonly #db: Database;
  readonly #labelled: LabelledEventsSql;
  readonly #newest: ReturnType<typeof prepareNewest>;
  readonly #page: (query: EventQuery, limit: number) => EventPage;

  constructor(db: Database) {
    this.#db = db;
    this.#labelled = new LabelledEventsSql(db);
    this.#newest = prepareNewest(db);
    // In one transaction: whoever follows from `newest` misses nothing that this answer has not.
    this.#page = db.transaction((query: EventQuery, limit: number) => this.#read(query, limit));
  }

  /** The id of the newest row; 0 in an empty timeline. */
  newest(): number {
    return this.#newest.get()?.id ?? 0;
  }

  /** A part of the timeline. */
  page(query: EventQuery, limit: number): EventPage {
    return this.#page(query, limit);
  }

  #read(query: EventQuery, limit: number): EventPage {
    const events = this.#labelled.newest(query, limit) ?? this.#select(query, limit);
    const last = events.at(-1);
    const isAll = last === undefined || events.length < limit || query.after !== undefined;
    return { events, cursor: isAll ? null : `${last.atMs}-${last.id}`, newest: this.newest() };
  }

  #select(query: EventQuery, limit: number): TimelineEvent[] {
    const { conditions, values } = conditionsOf(query);
    const order = query.after === undefined ? 'time_ms desc, id desc' : 'id';
    const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
    return this.#db
      .prepare<[Readonly<Record<string, string | number>>], TimelineEvent>(
        `select ${eventColumns} from events ${where} order by ${order} limit @limit`,
      )
      .all({ ...values, limit });
  }
}

function prepareNewest(db: Database) {
  return db.prepare<[], { id: number | null }>('select max(id) as id from events');
}
