import type { Database } from 'better-sqlite3';
import type { Kysely, Selectable } from 'kysely';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile, Type } from '@bellwether/shared/schema';
import type { Tables } from '../database/schema.js';
import { RolloutTarget, RolloutView } from '../http/rollout-api.js';
import { rolloutEvent } from '../timeline/rollout-events.js';
import { noTimeline, type Timeline } from '../timeline/timeline-entry.js';
import { Course, Member, type Members } from './course.js';
import { type LookHistoryStoreSql, noLooks } from './look-history-store-sql.js';
import { type Rollout, rolloutId } from './rollout.js';
import type { Moment } from './rollout-moments.js';
import type { RolloutNews, RolloutPast, RolloutStore } from './rollout-store.js';

/** What happened to a rollout: the newest so many. A device that comes and goes makes a direct one done and held without end. */
const keptMoments = 200;

const { phase } = RolloutView.properties;
const compiled = Compile(
  Type.Object({
    target: RolloutTarget,
    phase,
    reason: Type.Union([Type.Null(), Type.Object({ code: Type.String(), text: Type.String() })]),
    superseded: Type.Union([Type.Null(), Type.Object({ by: Type.Integer(), from: phase })]),
    course: Type.Union([Type.Null(), Course]),
  }),
);
const compiledMember = Compile(Member);
const compiledSight = Compile(Type.Pick(RolloutView, ['arms', 'verdict']));

/** Rollouts in SQL: one row each, and one for each device in its cohorts. */
export class RolloutStoreSql implements RolloutStore {
  readonly #db: Kysely<Tables>;
  readonly #save: RolloutStore['save'];
  readonly #statements: ReturnType<typeof prepare>;

  /** `looks`: stores what waits there with every change. `timeline`: is told of each moment. */
  constructor(
    db: Kysely<Tables>,
    sqlite: Database,
    looks: Pick<LookHistoryStoreSql, 'flush'> = noLooks,
    timeline: Timeline = noTimeline,
  ) {
    this.#db = db;
    const statements = prepare(sqlite);
    this.#statements = statements;
    const save = sqlite.transaction((next: Rollout, before: Rollout, { atMs, moments, sight }: RolloutNews) => {
      const { target: _target, ...row } = columnsOf(next);
      statements.update.run({ ...row, number: next.number });
      for (const member of next.members.values()) {
        if (before.members.get(member.device) === member) continue;
        statements.member.run(next.number, member.device, JSON.stringify(member));
      }
      looks.flush();
      if (sight !== null) statements.putSight.run(next.number, JSON.stringify(sight));
      const about = { rollout: rolloutId(next), release: `${next.model}@${next.version}`, atMs };
      for (const moment of moments) {
        const { lastInsertRowid } = statements.addMoment.run(next.number, atMs, moment.code, moment.text);
        timeline.add(rolloutEvent({ ...about, ...moment, number: Number(lastInsertRowid) }));
      }
      if (moments.length > 0) statements.trimMoments.run(next.number, next.number, keptMoments);
    });
    this.#save = (next, before, news) => save.immediate(next, before, news);
  }

  async all(): Promise<Rollout[]> {
    const members = new Map<number, Map<string, Member>>();
    for (const { rollout, body } of await this.#db.selectFrom('rollout_members').selectAll().execute()) {
      const what = `stored member of rollout ${rollout}`;
      const member = checkSchema(compiledMember, parseStrictJson(Buffer.from(body)), what);
      const those = members.get(rollout) ?? new Map<string, Member>();
      members.set(rollout, those.set(member.device, member));
    }
    const rows = await this.#db.selectFrom('rollouts').selectAll().orderBy('number').execute();
    return rows.map((row) => rolloutOf(row, members.get(row.number) ?? new Map<string, Member>()));
  }

  async insert(rollout: Omit<Rollout, 'number'>): Promise<Rollout> {
    const { model, version, manifest, createdAtMs } = rollout;
    const row = { model, version, manifest, created_at_ms: createdAtMs, ...columnsOf(rollout) };
    // A row that cannot be read again would stop every later start of the server.
    rolloutOf({ number: 0, ...row }, new Map<string, Member>());
    const stored = await this.#db.insertInto('rollouts').values(row).returningAll().executeTakeFirstOrThrow();
    return rolloutOf(stored, new Map<string, Member>());
  }

  save(next: Rollout, before: Rollout, news: RolloutNews): void {
    this.#save(next, before, news);
  }

  pastOf(rollout: number): RolloutPast {
    const body = this.#statements.sight.get(rollout)?.body;
    const what = `stored sight of rollout ${rollout}`;
    const sight = body === undefined ? null : checkSchema(compiledSight, parseStrictJson(Buffer.from(body)), what);
    return { moments: this.#statements.moments.all(rollout), sight };
  }
}

function prepare(db: Database) {
  return {
    update: db.prepare<[Readonly<Record<string, string | number | null>>]>(
      `update rollouts set phase = @phase, reason = @reason, superseded = @superseded, course = @course
       where number = @number`,
    ),
    member: db.prepare<[number, string, string]>(
      `insert into rollout_members (rollout, device, body) values (?, ?, ?)
       on conflict do update set body = excluded.body`,
    ),
    putSight: db.prepare<[number, string]>(
      `insert into rollout_sights (rollout, body) values (?, ?) on conflict do update set body = excluded.body`,
    ),
    sight: db.prepare<[number], { body: string }>('select body from rollout_sights where rollout = ?'),
    addMoment: db.prepare<[number, number, string, string]>(
      'insert into rollout_moments (rollout, at_ms, code, text) values (?, ?, ?, ?)',
    ),
    moments: db.prepare<[number], Moment & { atMs: number }>(
      'select at_ms as atMs, code, text from rollout_moments where rollout = ? order by number',
    ),
    trimMoments: db.prepare<[number, number, number]>(
      `delete from rollout_moments where rollout = ? and number <=
       (select number from rollout_moments where rollout = ? order by number desc limit 1 offset ?)`,
    ),
  };
}

function columnsOf({ target, phase, reason, superseded, course }: Omit<Rollout, 'number'>) {
  const json = (value: object | null) => (value === null ? null : JSON.stringify(value));
  return {
    target: JSON.stringify(target),
    phase,
    reason: json(reason),
    superseded: json(superseded),
    course: json(course),
  };
}

function rolloutOf(row: Selectable<Tables['rollouts']>, members: Members): Rollout {
  const { number, model, version, manifest, created_at_ms: createdAtMs } = row;
  const read = (text: string | null) => (text === null ? null : parseStrictJson(Buffer.from(text)));
  const stored = {
    target: read(row.target),
    phase: row.phase,
    reason: read(row.reason),
    superseded: read(row.superseded),
    course: read(row.course),
  };
  return {
    number,
    model,
    version,
    manifest,
    createdAtMs,
    members,
    ...checkSchema(compiled, stored, `stored rollout ${number}`),
  };
}
