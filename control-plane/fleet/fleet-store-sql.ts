import type { Kysely, Selectable } from 'kysely';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { Labels } from '@bellwether/shared/contract/http-api';
import { decodeReport } from '@bellwether/shared/contract/report';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { hex64Pattern } from '@bellwether/shared/ids';
import { Compile, Type } from '@bellwether/shared/schema';
import type { Database } from '../database/database-sqlite.js';
import type { Tables } from '../database/schema.js';
import type { Device } from './device.js';
import { FleetError } from './fleet-error.js';
import type { DeviceStanding, FleetStore, JoinToken } from './fleet-store.js';
import { JoiningSql } from './joining-sql.js';
import { standings } from './standing.js';

const compiledLabels = Compile(Labels);
const compiledKeys = Compile(Type.Array(Type.String({ pattern: hex64Pattern })));

/** Devices and join tokens in SQL. What a device said last is written by telemetry's store, with the message that said it. */
export class FleetStoreSql implements FleetStore {
  readonly #db: Kysely<Tables>;
  readonly #joining: JoiningSql;

  constructor({ kysely, sqlite }: Pick<Database, 'kysely' | 'sqlite'>) {
    this.#db = kysely;
    this.#joining = new JoiningSql(sqlite);
  }

  async devices(): Promise<Device[]> {
    const rows = await this.#db.selectFrom('devices').selectAll().orderBy('id').execute();
    return rows.map(deviceOf);
  }

  async insertDevice(device: Device): Promise<void> {
    if (await this.#joining.insertDevice(device)) return;
    throw new FleetError('key-taken', `there is a device ${device.id} already`);
  }

  async updateStanding(id: string, { standing, publicKey, formerKeys, nextKey }: DeviceStanding): Promise<void> {
    await this.#db
      .updateTable('devices')
      .set({ standing, public_key: publicKey, former_keys: JSON.stringify(formerKeys), next_key: nextKey })
      .where('id', '=', id)
      .execute();
  }

  async insertToken(token: JoinToken): Promise<void> {
    await this.#db
      .insertInto('join_tokens')
      .values({
        id: token.id,
        digest: token.digest,
        labels: JSON.stringify(token.labels),
        uses: token.uses,
        uses_left: token.usesLeft,
        created_at_ms: token.createdAtMs,
        expires_at_ms: token.expiresAtMs,
        kind: token.kind,
        revoked_at_ms: token.revokedAtMs,
      })
      .execute();
  }

  async findToken(digest: string): Promise<JoinToken | undefined> {
    const row = await this.#db.selectFrom('join_tokens').selectAll().where('digest', '=', digest).executeTakeFirst();
    return row === undefined ? undefined : tokenOf(row);
  }

  async tokens(): Promise<JoinToken[]> {
    const rows = await this.#db.selectFrom('join_tokens').selectAll().orderBy('created_at_ms', 'desc').execute();
    return rows.map(tokenOf);
  }

  takeUse(tokenId: string, nowMs: number): Promise<boolean> {
    return this.#joining.takeUse(tokenId, nowMs);
  }

  async revokeToken(tokenId: string, nowMs: number): Promise<boolean> {
    const result = await this.#db
      .updateTable('join_tokens')
      .set((eb) => ({ revoked_at_ms: eb.fn.coalesce('revoked_at_ms', eb.val(nowMs)) }))
      .where('id', '=', tokenId)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }
}

/** Nobody is connected to a server that starts, whatever was known before: an `online` is read as `offline`. */
function deviceOf(row: Selectable<Tables['devices']>): Device {
  return {
    id: row.id,
    publicKey: row.public_key,
    labels: labelsOf(row.labels),
    tokenId: row.token_id,
    enrolledAtMs: row.enrolled_at_ms,
    presence: row.presence === 'never' ? 'never' : 'offline',
    presenceRunId: row.presence_run_id,
    lastSeenMs: row.last_seen_ms,
    report: row.report === null ? null : decodeReport(Buffer.from(row.report)),
    // A word that this version does not know lets nobody in.
    standing: standings.find((each) => each === row.standing) ?? 'rejected',
    formerKeys: checkSchema(compiledKeys, parseStrictJson(Buffer.from(row.former_keys)), 'stored keys'),
    nextKey: row.next_key,
  };
}

function tokenOf(row: Selectable<Tables['join_tokens']>): JoinToken {
  return {
    id: row.id,
    digest: row.digest,
    labels: labelsOf(row.labels),
    uses: row.uses,
    usesLeft: row.uses_left,
    kind: row.kind === 'auto' ? 'auto' : 'approve',
    revokedAtMs: row.revoked_at_ms,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}

function labelsOf(json: string): Labels {
  return checkSchema(compiledLabels, parseStrictJson(Buffer.from(json)), 'stored labels');
}
