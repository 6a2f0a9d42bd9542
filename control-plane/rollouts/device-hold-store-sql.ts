import type { Kysely } from 'kysely';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile } from '@bellwether/shared/schema';
import type { Tables } from '../database/schema.js';
import { DeviceHold, holdKey } from './device-hold.js';

const compiled = Compile(DeviceHold);

/** What persons have decided about devices, in SQL. */
export class DeviceHoldStoreSql {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async all(): Promise<{ readonly device: string; readonly hold: DeviceHold }[]> {
    const rows = await this.#db.selectFrom('device_holds').selectAll().execute();
    return rows.map(({ device, body }) => {
      return { device, hold: checkSchema(compiled, parseStrictJson(Buffer.from(body)), `stored hold of ${device}`) };
    });
  }

  async put(device: string, hold: DeviceHold): Promise<void> {
    const row = { device, model: holdKey(hold), body: JSON.stringify(hold) };
    await this.#db
      .insertInto('device_holds')
      .values(row)
      .onConflict((conflict) => conflict.columns(['device', 'model']).doUpdateSet({ body: row.body }))
      .execute();
  }

  async remove(device: string, key: string): Promise<void> {
    await this.#db.deleteFrom('device_holds').where('device', '=', device).where('model', '=', key).execute();
  }
}
