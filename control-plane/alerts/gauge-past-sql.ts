import type { Database } from 'better-sqlite3';
import type { GaugePage, GaugePlace, GaugeQuestion } from './gauge-page.js';
import { gauges, type MachineGauges } from './gauges.js';

/** A window that ends so far in the future is of a clock that stands wrong. */
const aheadMs = 120_000;

interface Row extends GaugePlace, MachineGauges {
  readonly wallEndMs: number;
}

/** What machines told of themselves, from the stored windows; on the connection of a reading thread. */
export class GaugePastSql {
  readonly #page: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#page = prepare(db);
  }

  page({ device, after, rows }: GaugeQuestion): GaugePage {
    const page = this.#page.all(device, after.arrivedAtMs, after.row, rows);
    const told = page.filter(({ wallEndMs, arrivedAtMs }) => wallEndMs <= arrivedAtMs + aheadMs);
    const last = page.at(-1);
    return {
      minutes: Float64Array.from(told, ({ wallEndMs }) => Math.floor(wallEndMs / 60_000)),
      values: gauges.map(({ valueOf }) => Float32Array.from(told, (row) => valueOf(row) ?? Number.NaN)),
      next: last === undefined || page.length < rows ? null : { arrivedAtMs: last.arrivedAtMs, row: last.row },
    };
  }
}

function prepare(db: Database) {
  return db.prepare<[string, number, number, number], Row>(
    `select rowid as row, arrived_at_ms as arrivedAtMs, body ->> '$.wallEndMs' as wallEndMs,
       body ->> '$.host.memoryTotalBytes' as memoryTotalBytes, body ->> '$.host.memoryAvailableBytes' as memoryAvailableBytes,
       body ->> '$.host.diskTotalBytes' as diskTotalBytes, body ->> '$.host.diskFreeBytes' as diskFreeBytes,
       body ->> '$.host.temperatureC' as temperatureC
     from windows where device = ? and (arrived_at_ms, rowid) > (?, ?) order by arrived_at_ms, rowid limit ?`,
  );
}
