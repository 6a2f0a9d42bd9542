import type { Database } from 'better-sqlite3';
import type { Kysely, Selectable } from 'kysely';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile, Type } from '@bellwether/shared/schema';
import type { Tables } from '../database/schema.js';
import { RolloutTarget, RolloutView } from '../http/rollout-api.js';
import { Course, Member, type Members } from './course.js';
import type { Rollout } from './rollout.js';
import type { RolloutStore } from './rollout-store.js';

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

/** Rollouts in SQL: one row each, and one for each device in its cohorts. */
export class RolloutStoreSql implements RolloutStore {
  readonly #db: Kysely<Tables>;
  readonly #save: (next: Rollout, before: Rollout) => void;

  constructor(db: Kysely<Tables>, sqlite: Database) {
    this.#db = db;
    const statements = prepare(sqlite);
    const save = sqlite.transaction((next: Rollout, before: Rollout) => {
      const { target: _target, ...row } = columnsOf(next);
      statements.update.run({ ...row, number: next.number });
      for (const member of next.members.values()) {
        if (before.members.get(member.device) === member) continue;
        statements.member.run(next.number, member.device, JSON.stringify(member));
      }
    });
    this.#save = (next, before) => save.immediate(next, before);
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
    const stored = await this.#db.insertInto('rollouts').values(row).returningAll().executeTakeFirstOrThrow();
    return rolloutOf(stored, new Map<string, Member>());
  }

  save(next: Rollout, before: Rollout): void {
    this.#save(next, before);
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
