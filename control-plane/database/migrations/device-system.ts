import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

/** The system that a device ran when it last named it: reports may leave it out. */
export const deviceSystem: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`alter table devices add column system text`.execute(db);
    await sql`update devices set system = (report ->> '$.machine.kernel') || ', ' || (report ->> '$.machine.os')
      where report is not null`.execute(db);
  },
};
