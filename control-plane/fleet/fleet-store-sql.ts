import type { Kysely, Selectable } from 'kysely';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { Labels } from '@bellwether/shared/contract/http-api';
import { decodeReport } from '@bellwether/shared/contract/report';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile } from '@bellwether/shared/schema';
import type { Tables } from '../database/schema.js';
import type { Device } from './device.js';
import type { FleetStore, JoinToken } from './fleet-store.js';

const compiledLabels = Compile(Labels);

/** Devices and join tokens in SQL. What a device said last is written by telemetry's store, with the message that said it. */
export class FleetStoreSql implements FleetStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async devices(): Promise<Device[]> {
    const rows = await this.#db.selectFrom('devices').selectAll().orderBy('id').execute();
    return rows.map(deviceOf);
  }

  async insertDevice(device: Device): Promise<void> {
    await this.#db
      .insertInto('devices')
      .values({
        id: device.id,
        public_key: device.publicKey,
        labels: JSON.stringify(device.labels),
        token_id: device.tokenId,
        enrolled_at_ms: device.enrolledAtMs,
        presence: device.presence,
        presence_run_id: device.presenceRunId,
        last_seen_ms: device.lastSeenMs,
        report: null,
      })
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
        uses_left: token.uses,
        created_at_ms: token.createdAtMs,
        expires_at_ms: token.expiresAtMs,
      })
      .execute();
  }

  async findToken(digest: string): Promise<JoinToken | undefined> {
    const row = await this.#db.selectFrom('join_tokens').selectAll().where('digest', '=', digest).executeTakeFirst();
    return row === undefined ? undefined : tokenOf(row);
  }

  async takeUse(tokenId: string, nowMs: number): Promise<boolean> {
    const result = await this.#db
      .updateTable('join_tokens')
      .set((eb) => ({ uses_left: eb('uses_left', '-', 1) }))
      .where('id', '=', tokenId)
      .where('uses_left', '>', 0)
      .where('expires_at_ms', '>', nowMs)
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
  };
}

function tokenOf(row: Selectable<Tables['join_tokens']>): JoinToken {
  return {
    id: row.id,
    digest: row.digest,
    labels: labelsOf(row.labels),
    uses: row.uses,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}

function labelsOf(json: string): Labels {
  return checkSchema(compiledLabels, parseStrictJson(Buffer.from(json)), 'stored labels');
}
