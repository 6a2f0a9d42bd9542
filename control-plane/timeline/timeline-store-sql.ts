import type { Database } from 'better-sqlite3';
import type { EventPage, EventQuery, TimelineEvent } from './timeline-api.js';
import { rowOf, type Timeline, type TimelineEntry } from './timeline-entry.js';

/** The fleet's timeline in SQLite: the table `events`. Who deletes what is too old: telemetry-store-sql.ts. */
export class TimelineStoreSql implements Timeline {
  readonly #db: Database;
  readonly #added: () => void;
  readonly #statements: ReturnType<typeof prepare>;

  /** `added` is told that there may be more rows, before they are committed. It must not throw. */
  constructor(db: Database, added: () => void = () => {}) {
    this.#db = db;
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
    return this.#statements.newest.get()?.id ?? 0;
  }

  /** The newest rows after this one, at most so many, in the order of storing. */
  since(id: number, limit: number): TimelineEvent[] {
    return this.#statements.since.all(id, limit).reverse();
  }

  /** Which releases devices served before this time, each once, the newest last. Asked at the start: it reads all that is kept of it. */
  servedBefore(ms: number): readonly { readonly device: string; readonly release: string }[] {
    return this.#statements.servedBefore.all(ms);
  }

  /** A part of the timeline. */
  page(query: EventQuery, limit: number): EventPage {
    const { conditions, values } = conditionsOf(query);
    const order = query.after === undefined ? 'time_ms desc, id desc' : 'id';
    const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
    const events = this.#db
      .prepare<[Values], TimelineEvent>(`select ${columns} from events ${where} order by ${order} limit @limit`)
      .all({ ...values, limit });
    const last = events.at(-1);
    const isAll = last === undefined || events.length < limit || query.after !== undefined;
    return { events, cursor: isAll ? null : `${last.atMs}-${last.id}`, newest: this.newest() };
  }
}

type Values = Readonly<Record<string, string | number | null>>;

const columns = `id, time_ms as atMs, arrived_at_ms as arrivedAtMs, nullif(device, '') as device,
  case when source like 'server-%' then 'server' else source end as source,
  actor, kind, model, release, rollout, label, code, message`;

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
    newest: db.prepare<[], { id: number | null }>('select max(id) as id from events'),
    since: db.prepare<[number, number], TimelineEvent>(
      `select ${columns} from events where id > ? order by id desc limit ?`,
    ),
  };
}

function conditionsOf({ device, model, release, rollout, kind, label, from, to, cursor, after }: EventQuery) {
  const conditions: string[] = [];
  const values: Record<string, string | number> = {};
  const also = (condition: string, more: Readonly<Record<string, string | number>>): void => {
    conditions.push(condition);
    Object.assign(values, more);
  };
  if (device !== undefined) also('device = @device', { device });
  if (model !== undefined) also('model = @model', { model });
  if (release !== undefined) also('release = @release', { release });
  if (rollout !== undefined) also('rollout = @rollout', { rollout });
  if (kind !== undefined)
    also('kind in (select value from json_each(@kinds))', { kinds: JSON.stringify(kind.split(',')) });
  if (label !== undefined) {
    const [key = '', value = ''] = label.split('=');
    also(
      `(label = @label or device in (select devices.id from devices, json_each(devices.labels) as each
         where each.key = @labelKey and each.value = @labelValue))`,
      { label, labelKey: key, labelValue: value },
    );
  }
  if (from !== undefined) also('time_ms >= @from', { from });
  if (to !== undefined) also('time_ms < @to', { to });
  if (cursor !== undefined) {
    const [cursorMs = 0, cursorId = 0] = cursor.split('-').map(Number);
    also('(time_ms, id) < (@cursorMs, @cursorId)', { cursorMs, cursorId });
  }
  if (after !== undefined) also('id > @after', { after });
  return { conditions, values };
}
