import type { Database } from 'better-sqlite3';
import type { RejectedList } from './rejected-api.js';
import type { Arrival } from './telemetry-store.js';

/** Of a rejected message this much is kept. */
const keptBytes = 4096;
/** Of a rejected message this much is shown. */
const shownBytes = 200;
/** Of one device: who sends nothing else must not push out what the others sent. */
const perDevice = 100;

/** Messages that could not be read, set aside with the reason. */
export class RejectedStoreSql {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
  }

  add({ device, what, rejected, arrivedAtMs, payload }: Extract<Arrival, { rejected: string }>): void {
    this.#statements.add.run(device, what, rejected, arrivedAtMs, payload.subarray(0, keptBytes));
  }

  newest(): RejectedList['messages'] {
    return this.#statements.newest
      .all()
      .map(({ body, ...row }) => ({ ...row, body: body.subarray(0, shownBytes).toString() }));
  }

  /** Keeps the newest hundred of each device, and of them so many; answers how many rows are gone. */
  trim(messages: number): number {
    return this.#statements.trimDevices.run(perDevice).changes + this.#statements.trim.run(messages).changes;
  }
}

function prepare(db: Database) {
  return {
    add: db.prepare<[string, string, string, number, Uint8Array]>(
      'insert into rejected (device, what, reason, arrived_at_ms, body) values (?, ?, ?, ?, ?)',
    ),
    newest: db.prepare<[], { atMs: number; device: string; what: string; reason: string; body: Buffer }>(
      'select arrived_at_ms as atMs, device, what, reason, body from rejected order by id desc limit 1000',
    ),
    trim: db.prepare<[number]>(
      'delete from rejected where id <= (select id from rejected order by id desc limit 1 offset ?)',
    ),
    trimDevices: db.prepare<[number]>(
      `delete from rejected where id in
       (select id from (select id, row_number() over (partition by device order by id desc) as place from rejected) where place > ?)`,
    ),
  };
}
