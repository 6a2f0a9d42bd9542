import type { Kysely, Selectable } from 'kysely';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile, Type } from '@bellwether/shared/schema';
import type { Tables } from '../database/schema.js';
import { type RolloutPhase, RolloutTarget, RolloutView } from '../http/rollout-api.js';
import type { Rollout } from './rollout.js';
import type { RolloutStore } from './rollout-store.js';

const compiled = Compile(Type.Object({ target: RolloutTarget, phase: RolloutView.properties.phase }));

/** Rollouts in SQL. */
export class RolloutStoreSql implements RolloutStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async all(): Promise<Rollout[]> {
    const rows = await this.#db.selectFrom('rollouts').selectAll().orderBy('number').execute();
    return rows.map(rolloutOf);
  }

  async insert({ model, version, manifest, target, phase, createdAtMs }: Omit<Rollout, 'number'>): Promise<Rollout> {
    const row = { model, version, manifest, target: JSON.stringify(target), phase, created_at_ms: createdAtMs };
    const stored = await this.#db.insertInto('rollouts').values(row).returningAll().executeTakeFirstOrThrow();
    return rolloutOf(stored);
  }

  async setPhase(number: number, phase: RolloutPhase): Promise<void> {
    await this.#db.updateTable('rollouts').set({ phase }).where('number', '=', number).execute();
  }
}

function rolloutOf({
  number,
  model,
  version,
  manifest,
  created_at_ms: createdAtMs,
  ...row
}: Selectable<Tables['rollouts']>): Rollout {
  const stored = { target: parseStrictJson(Buffer.from(row.target)), phase: row.phase };
  const { target, phase } = checkSchema(compiled, stored, `stored rollout ${number}`);
  return { number, model, version, manifest, target, phase, createdAtMs };
}
