import type { Database } from 'better-sqlite3';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import type { Window } from '@bellwether/shared/contract/window';
import { Compile } from '@bellwether/shared/schema';
import { Course, Member } from './course.js';
import { addSums, type CountedRollout, EvidenceSum, keptSum, sumKey } from './evidence-sum.js';
import { type LookHistoryStoreSql, noLooks } from './look-history-store-sql.js';

const compiled = Compile(EvidenceSum);
const compiledCourse = Compile(Course);
const compiledMember = Compile(Member);

/** A stored sum, and whose it is. */
export interface StoredSum {
  readonly rollout: number;
  readonly device: string;
  readonly sum: EvidenceSum;
}

/** The counters of rollouts in SQLite, added up as windows are stored: in their transaction, so that each counts once. */
export class EvidenceStoreSql {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #looks: Pick<LookHistoryStoreSql, 'flush'>;
  /** By rollout: a policy never changes, and reading it takes longer than adding the counters up. */
  readonly #steps = new Map<number, CountedRollout['steps']>();

  /** `looks`: stores what waits there in the same transaction. */
  constructor(db: Database, looks: Pick<LookHistoryStoreSql, 'flush'> = noLooks) {
    this.#statements = prepare(db);
    this.#looks = looks;
  }

  /** Adds what a new window says of the rollouts that the device is a member of. The caller's transaction holds it. */
  add(device: string, { evidence = [], arms }: Pick<Window, 'evidence' | 'arms'>, arrivedAtMs: number): void {
    const { counting, find, put } = this.#statements;
    this.#looks.flush();
    for (const window of evidence) {
      const rollout = Number(window.rollout.slice(1));
      const row = counting.get(rollout, device);
      if (row === undefined) continue;
      const steps = this.#stepsOf(rollout, row.course);
      const { base } = checkSchema(compiledMember, parse(row.member), `stored member of rollout ${rollout}`);
      const part = keptSum({ window, arms }, { ...row, steps, base }, arrivedAtMs);
      if (part === undefined) continue;
      const key = sumKey(part);
      const known = find.get(rollout, device, key);
      const sum = known === undefined ? part : addSums(read(known.body, device), part);
      put.run(rollout, device, key, JSON.stringify(sum));
    }
  }

  #stepsOf(rollout: number, course: string): CountedRollout['steps'] {
    const known = this.#steps.get(rollout);
    if (known !== undefined) return known;
    const { steps } = checkSchema(compiledCourse, parse(course), `stored rollout ${rollout}`).policy;
    this.#steps.set(rollout, steps);
    return steps;
  }

  /** Deletes the counters of rollouts that ended and began before this; at most so many rows at a time. The verdicts stay. */
  trim(beforeMs: number, rows: number): number {
    return this.#statements.trim.run(beforeMs, rows).changes;
  }

  /** Everything of these rollouts. */
  of(rollouts: readonly number[]): StoredSum[] {
    return rollouts.flatMap((rollout) =>
      this.#statements.all.all(rollout).map(({ device, body }) => ({ rollout, device, sum: read(body, device) })),
    );
  }
}

function prepare(db: Database) {
  return {
    counting: db.prepare<[number, string], { createdAtMs: number; manifest: string; course: string; member: string }>(
      `select created_at_ms as createdAtMs, manifest, course, rollout_members.body as member
       from rollouts join rollout_members on rollout = number where number = ? and device = ? and course is not null`,
    ),
    find: db.prepare<[number, string, string], { body: string }>(
      'select body from evidence where rollout = ? and device = ? and segment = ?',
    ),
    put: db.prepare<[number, string, string, string]>(
      `insert into evidence (rollout, device, segment, body) values (?, ?, ?, ?)
       on conflict do update set body = excluded.body`,
    ),
    trim: db.prepare<[number, number]>(
      `delete from evidence where rowid in (select evidence.rowid from evidence join rollouts on number = rollout
       where created_at_ms < ? and phase in ('done', 'rolled-back', 'aborted', 'superseded') limit ?)`,
    ),
    all: db.prepare<[number], { device: string; body: string }>('select device, body from evidence where rollout = ?'),
  };
}

function read(body: string, device: string): EvidenceSum {
  return checkSchema(compiled, parse(body), `stored evidence of ${device}`);
}

function parse(body: string): unknown {
  return parseStrictJson(Buffer.from(body));
}
