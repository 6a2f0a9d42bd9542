import type { Database } from 'better-sqlite3';
import type { Selectable } from 'kysely';
import type { AlertSeverity } from '@bellwether/shared/contract/alert';
import type { Tables } from '../database/schema.js';
import { type DeliveryNext, givenUpMs } from './webhook-attempt.js';

/** Deliveries that wait for one webhook; beyond it the oldest are given up. */
const maxWaiting = 1000;

/** A message that waits for a webhook. Wall milliseconds. */
export interface Delivery {
  readonly number: number;
  /** `webhook-id`: the same at every attempt. */
  readonly id: string;
  readonly body: string;
  readonly createdAtMs: number;
  /** So far. */
  readonly attempts: number;
}

/** A message that is new. `alert`: a12, what it is about. */
export interface NewDelivery {
  readonly webhook: number;
  readonly id: string;
  readonly alert: string;
  readonly body: string;
  readonly nowMs: number;
}

/** What waits to be delivered, in SQLite: what is in it survives every end of the process, and leaves it only after the receiver has answered. */
export class DeliveryQueueSql {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #transact: (act: () => void) => void;

  constructor(db: Database) {
    this.#statements = prepare(db);
    this.#transact = (act) => db.transaction(act).immediate();
  }

  /** Within the caller’s transaction, if there is one. */
  add({ webhook, id, alert, body, nowMs }: NewDelivery): void {
    const { insert, dropOldest, lose } = this.#statements;
    insert.run(webhook, id, alert, body, nowMs, nowMs);
    const dropped = dropOldest.run(webhook, webhook, maxWaiting).changes;
    if (dropped > 0) lose.run(dropped, webhook);
  }

  /** How bad this alert was when the webhook was last told of it. */
  toldSeverity(webhook: number, alert: string): AlertSeverity | undefined {
    return this.#statements.told.get(webhook, alert)?.severity;
  }

  /** Alerts that the webhook was told of, and not of their end. */
  told(webhook: number): readonly string[] {
    return this.#statements.toldAlerts.all(webhook);
  }

  /** Stores all that `act` does, or nothing. */
  together(act: () => void): void {
    this.#transact(act);
  }

  /** Null: it is over. */
  keepTold(webhook: number, alert: string, severity: AlertSeverity | null): void {
    if (severity === null) this.#statements.forget.run(webhook, alert);
    else this.#statements.tell.run(webhook, alert, severity);
  }

  /** The next that is due; of one alert never one before those that came before it. */
  due(webhook: number, nowMs: number): Delivery | undefined {
    const row = this.#statements.due.get(webhook, nowMs, nowMs + givenUpMs);
    return row === undefined
      ? undefined
      : { number: row.number, id: row.id, body: row.body, createdAtMs: row.created_at_ms, attempts: row.attempts };
  }

  /** When the next is due; undefined: nothing waits. */
  nextAtMs(webhook: number): number | undefined {
    return this.#statements.next.get(webhook)?.next_at_ms ?? undefined;
  }

  waiting(webhook: number): number {
    return this.#statements.count.get(webhook)?.waiting ?? 0;
  }

  /** What has become of a delivery. Once a receiver answers again, what could not reach it does not wait for its turn. */
  settle(
    { number, webhook }: { readonly number: number; readonly webhook: number },
    next: DeliveryNext,
    { isUnreachable, nowMs }: { readonly isUnreachable: boolean; readonly nowMs: number },
  ): void {
    const { remove, again, lose, wake } = this.#statements;
    this.#transact(() => {
      if (next.kind === 'again') {
        again.run(next.atMs, isUnreachable ? 1 : 0, number);
        return;
      }
      remove.run(number);
      if (next.kind === 'lost') lose.run(1, webhook);
      else wake.run(nowMs, webhook, nowMs);
    });
  }
}

type Row = Selectable<Tables['webhook_deliveries']>;

function prepare(db: Database) {
  return {
    insert: db.prepare<[number, string, string, string, number, number]>(
      'insert into webhook_deliveries (webhook, id, alert, body, created_at_ms, next_at_ms) values (?, ?, ?, ?, ?, ?)',
    ),
    dropOldest: db.prepare<[number, number, number]>(
      `delete from webhook_deliveries where webhook = ? and number <=
       (select number from webhook_deliveries where webhook = ? order by number desc limit 1 offset ?)`,
    ),
    lose: db.prepare<[number, number]>('update webhooks set lost = lost + ? where number = ?'),
    told: db.prepare<[number, string], { readonly severity: AlertSeverity }>(
      'select severity from webhook_told where webhook = ? and alert = ?',
    ),
    toldAlerts: db.prepare<[number], string>('select alert from webhook_told where webhook = ? order by alert').pluck(),
    tell: db.prepare<[number, string, string]>('insert or replace into webhook_told values (?, ?, ?)'),
    forget: db.prepare<[number, string]>('delete from webhook_told where webhook = ? and alert = ?'),
    // A wall clock that was set back must not keep anything waiting for years: nothing is due later than in a day.
    due: db.prepare<[number, number, number], Row>(
      `select * from webhook_deliveries as mine
       where webhook = ? and (next_at_ms <= ? or next_at_ms > ?) and not exists (
         select 1 from webhook_deliveries as other
         where other.webhook = mine.webhook and other.alert = mine.alert and other.number < mine.number
       ) order by next_at_ms, number limit 1`,
    ),
    next: db.prepare<[number], { readonly next_at_ms: number | null }>(
      `select min(next_at_ms) as next_at_ms from webhook_deliveries where webhook = ? and number in
       (select min(number) from webhook_deliveries group by webhook, alert)`,
    ),
    count: db.prepare<[number], { readonly waiting: number }>(
      'select count(*) as waiting from webhook_deliveries where webhook = ?',
    ),
    remove: db.prepare<[number]>('delete from webhook_deliveries where number = ?'),
    again: db.prepare<[number, number, number]>(
      'update webhook_deliveries set next_at_ms = ?, is_unreachable = ?, attempts = attempts + 1 where number = ?',
    ),
    wake: db.prepare<[number, number, number]>(
      `update webhook_deliveries set next_at_ms = ?
       where webhook = ? and is_unreachable = 1 and next_at_ms > ?`,
    ),
  };
}
