import type { Database } from 'better-sqlite3';
import type { Selectable } from 'kysely';
import type { Clock } from '@bellwether/shared/clock';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { Order } from '@bellwether/shared/contract/order';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile } from '@bellwether/shared/schema';
import { GroupCommit } from '../database/group-commit.js';
import type { Tables } from '../database/schema.js';
import type { OrderStore, StoredOrder } from './order-store.js';

const compiledModels = Compile(Order.properties.models);

interface Change {
  readonly next: StoredOrder;
  readonly previous: StoredOrder | undefined;
}

/** Orders in SQLite. A rollout writes one for each device, so they are committed in groups. */
export class OrderStoreSql implements OrderStore {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #group: GroupCommit<Change, boolean>;

  constructor(db: Database, clock: Clock) {
    this.#statements = prepare(db);
    const commit = db.transaction((changes: readonly Change[]) => changes.map((change) => this.#write(change)));
    this.#group = new GroupCommit({
      clock,
      commit: (changes) => commit.immediate(changes),
      maxDelayMs: 5,
      maxItems: 1000,
    });
  }

  all(): StoredOrder[] {
    return this.#statements.all.all().map(orderOf);
  }

  find(device: string): StoredOrder | undefined {
    const row = this.#statements.find.get(device);
    return row === undefined ? undefined : orderOf(row);
  }

  compareAndSet(next: StoredOrder, previous: StoredOrder | undefined): Promise<boolean> {
    return this.#group.add({ next, previous });
  }

  /** Commits what waits. */
  stop(): void {
    this.#group.flush();
  }

  #write({ next, previous }: Change): boolean {
    const row = {
      ...next,
      models: JSON.stringify(next.models),
      envelope: Buffer.from(next.envelope),
      wasEpoch: previous?.epoch ?? null,
      wasGeneration: previous?.generation ?? null,
    };
    return this.#statements.set.run(row).changes === 1;
  }
}

type Row = Selectable<Tables['orders']>;

function prepare(db: Database) {
  return {
    all: db.prepare<[], Row>('select * from orders'),
    find: db.prepare<[string], Row>('select * from orders where device = ?'),
    set: db.prepare<[Readonly<Record<string, unknown>>]>(
      `insert into orders (device, epoch, generation, content, digest, models, envelope, issued_at_ms)
       values (@device, @epoch, @generation, @content, @digest, @models, @envelope, @issuedAtMs)
       on conflict (device) do update set epoch = excluded.epoch, generation = excluded.generation,
         content = excluded.content, digest = excluded.digest, models = excluded.models,
         envelope = excluded.envelope, issued_at_ms = excluded.issued_at_ms
       where orders.epoch = @wasEpoch and orders.generation = @wasGeneration`,
    ),
  };
}

function orderOf(row: Row): StoredOrder {
  const { device, epoch, generation, content, digest, envelope, issued_at_ms: issuedAtMs } = row;
  const models = checkSchema(compiledModels, parseStrictJson(Buffer.from(row.models)), `stored order of ${device}`);
  return { device, epoch, generation, content, digest, models, envelope, issuedAtMs };
}
