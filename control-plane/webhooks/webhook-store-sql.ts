import type { Database } from 'better-sqlite3';
import type { Selectable } from 'kysely';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile } from '@bellwether/shared/schema';
import type { Tables } from '../database/schema.js';
import type { Webhook, WebhookHealth } from './webhook.js';
import { WebhookFilter } from './webhook-filter.js';

const compiledFilter = Compile(WebhookFilter);

/** What makes a webhook; the rest comes with time. */
export type NewWebhook = Pick<Webhook, 'name' | 'url' | 'filter' | 'salt' | 'createdAtMs'>;

/** Webhooks in SQLite; they are few. Durable when a function returns [W-6]. */
export class WebhookStoreSql {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #transact: (act: () => void) => void;

  constructor(db: Database) {
    this.#statements = prepare(db);
    this.#transact = (act) => db.transaction(act).immediate();
  }

  /** The oldest first. */
  all(): readonly Webhook[] {
    return this.#statements.all.all().map(webhookOf);
  }

  find(name: string): Webhook | undefined {
    const row = this.#statements.find.get(name);
    return row === undefined ? undefined : webhookOf(row);
  }

  insert({ name, url, filter, salt, createdAtMs }: NewWebhook): void {
    this.#statements.insert.run(name, url, JSON.stringify(filter), salt, createdAtMs);
  }

  /** With everything that waits for it. */
  remove(number: number): void {
    const { remove, removeDeliveries, removeTold } = this.#statements;
    this.#transact(() => {
      removeDeliveries.run(number);
      removeTold.run(number);
      remove.run(number);
    });
  }

  rotate(
    number: number,
    { salt, formerSalt, formerUntilMs }: Pick<Webhook, 'salt' | 'formerSalt' | 'formerUntilMs'>,
  ): void {
    this.#statements.rotate.run(salt, formerSalt, formerUntilMs, number);
  }

  /**
   * How it is after an attempt. What waits for one that is disabled is given up, and what it was told of is as the receiver knows
   * it then: what it never heard of is not told, and what it did not hear the end of is.
   */
  keepHealth(number: number, { failingSinceMs, disabledAtMs, triedAtMs, problem }: WebhookHealth): void {
    const { health, loseAll, removeDeliveries, keepUnended, removeUnheard } = this.#statements;
    this.#transact(() => {
      health.run(failingSinceMs, disabledAtMs, triedAtMs, problem, number);
      if (disabledAtMs === null) return;
      loseAll.run(number, number);
      keepUnended.run(number);
      removeUnheard.run(number, number);
      removeDeliveries.run(number);
    });
  }
}

type Row = Selectable<Tables['webhooks']>;

function prepare(db: Database) {
  return {
    all: db.prepare<[], Row>('select * from webhooks order by number'),
    find: db.prepare<[string], Row>('select * from webhooks where name = ?'),
    insert: db.prepare<[string, string, string, string, number]>(
      'insert into webhooks (name, url, filter, salt, created_at_ms) values (?, ?, ?, ?, ?)',
    ),
    remove: db.prepare<[number]>('delete from webhooks where number = ?'),
    removeDeliveries: db.prepare<[number]>('delete from webhook_deliveries where webhook = ?'),
    keepUnended: db.prepare<[number]>(
      `insert or ignore into webhook_told (webhook, alert, severity)
       select webhook, alert, body ->> '$.data.severity' from webhook_deliveries
       where webhook = ? and body ->> '$.type' = 'alert.resolved'`,
    ),
    removeUnheard: db.prepare<[number, number]>(
      `delete from webhook_told where webhook = ? and alert in
       (select alert from webhook_deliveries where webhook = ? and body ->> '$.type' = 'alert.opened')`,
    ),
    removeTold: db.prepare<[number]>('delete from webhook_told where webhook = ?'),
    rotate: db.prepare<[string, string | null, number | null, number]>(
      'update webhooks set salt = ?, former_salt = ?, former_until_ms = ? where number = ?',
    ),
    health: db.prepare<[number | null, number | null, number | null, string | null, number]>(
      'update webhooks set failing_since_ms = ?, disabled_at_ms = ?, tried_at_ms = ?, problem = ? where number = ?',
    ),
    loseAll: db.prepare<[number, number]>(
      'update webhooks set lost = lost + (select count(*) from webhook_deliveries where webhook = ?) where number = ?',
    ),
  };
}

function webhookOf(row: Row): Webhook {
  return {
    number: row.number,
    name: row.name,
    url: row.url,
    filter: checkSchema(compiledFilter, parseStrictJson(Buffer.from(row.filter)), `stored filter of ${row.name}`),
    salt: row.salt,
    formerSalt: row.former_salt,
    formerUntilMs: row.former_until_ms,
    createdAtMs: row.created_at_ms,
    failingSinceMs: row.failing_since_ms,
    disabledAtMs: row.disabled_at_ms,
    triedAtMs: row.tried_at_ms,
    problem: row.problem,
    lost: row.lost,
  };
}
