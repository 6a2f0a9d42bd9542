import type { Database } from 'better-sqlite3';
import { endOfTurn, GroupCommit } from '../database/group-commit.js';
import type { Device } from './device.js';

type Joining =
  | { readonly kind: 'use'; readonly tokenId: string; readonly nowMs: number }
  | { readonly kind: 'device'; readonly device: Device };

/**
 * What an enrolment writes. A site that is switched on enrols in a crowd: whoever came in the same turn of the event loop
 * shares one commit and one wait for the disk.
 */
export class JoiningSql {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #group: GroupCommit<Joining, boolean>;

  constructor(db: Database) {
    this.#statements = prepare(db);
    const commit = db.transaction((items: readonly Joining[]) => items.map((item) => this.#write(item)));
    this.#group = new GroupCommit({
      clock: endOfTurn,
      commit: (items) => commit.immediate(items),
      maxDelayMs: 0,
      maxItems: 1000,
    });
  }

  /** False when the token has no use left, has expired or was revoked. */
  takeUse(tokenId: string, nowMs: number): Promise<boolean> {
    return this.#group.add({ kind: 'use', tokenId, nowMs });
  }

  /** False when there is a device with this id. */
  insertDevice(device: Device): Promise<boolean> {
    return this.#group.add({ kind: 'device', device });
  }

  #write(item: Joining): boolean {
    if (item.kind === 'use') return this.#statements.use.run(item.tokenId, item.nowMs).changes === 1;
    const { labels, formerKeys, report: _none, ...device } = item.device;
    const json = { labels: JSON.stringify(labels), formerKeys: JSON.stringify(formerKeys) };
    return this.#statements.device.run({ ...device, ...json }).changes === 1;
  }
}

function prepare(db: Database) {
  return {
    use: db.prepare<[string, number]>(
      `update join_tokens set uses_left = uses_left - 1
       where id = ? and uses_left > 0 and expires_at_ms > ? and revoked_at_ms is null`,
    ),
    device: db.prepare<[Readonly<Record<string, string | number | null>>]>(
      `insert into devices (id, public_key, labels, token_id, enrolled_at_ms, presence, presence_run_id, last_seen_ms,
         report, standing, former_keys, next_key)
       values (@id, @publicKey, @labels, @tokenId, @enrolledAtMs, @presence, @presenceRunId, @lastSeenMs,
         null, @standing, @formerKeys, @nextKey)
       on conflict do nothing`,
    ),
  };
}
