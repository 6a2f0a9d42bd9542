import type { Database } from 'better-sqlite3';
import type { StoredGauge, StoredGauges } from './gauge-pasts.js';

/** What machines told of themselves, from the stored windows. */
export class GaugePastSql implements StoredGauges {
  readonly #page: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#page = prepare(db);
  }

  page(device: string, after: Pick<StoredGauge, 'row' | 'arrivedAtMs'>, rows: number): readonly StoredGauge[] {
    return this.#page.all(device, after.arrivedAtMs, after.row, rows);
  }
}

function prepare(db: Database) {
  return db.prepare<[string, number, number, number], StoredGauge>(
    `select rowid as row, arrived_at_ms as arrivedAtMs, body ->> '$.wallEndMs' as wallEndMs,
       body ->> '$.host.memoryTotalBytes' as memoryTotalBytes, body ->> '$.host.memoryAvailableBytes' as memoryAvailableBytes,
       body ->> '$.host.diskTotalBytes' as diskTotalBytes, body ->> '$.host.diskFreeBytes' as diskFreeBytes,
       body ->> '$.host.temperatureC' as temperatureC
     from windows where device = ? and (arrived_at_ms, rowid) > (?, ?) order by arrived_at_ms, rowid limit ?`,
  );
}
