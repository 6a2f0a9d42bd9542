import type { Database } from 'better-sqlite3';
import type { Window } from '@bellwether/shared/contract/window';
import type { TelemetrySummary } from '../http/operator-api.js';
import type { TrimmedWindowsSql } from './trimmed-windows-sql.js';

/** What is missing of what devices sent: gaps in the sequences of their runs, and what they say that they dropped. */
export class LossStoreSql {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #trimmed: Pick<TrimmedWindowsSql, 'forget'>;
  readonly #forget: (beforeMs: number, rows: number) => number;

  /** `trimmed` forgets a run when this does. */
  constructor(db: Database, trimmed: Pick<TrimmedWindowsSql, 'forget'>) {
    this.#trimmed = trimmed;
    this.#statements = prepare(db);
    this.#forget = db.transaction((beforeMs: number, rows: number) => this.#forgetRuns(beforeMs, rows));
  }

  /** A new window, within the transaction that stores it. */
  arrived(device: string, { runId, sequence, outbox }: Window, arrivedAtMs: number): void {
    this.#statements.countRun.run(device, runId, sequence, arrivedAtMs);
    this.#statements.dropped.run(device, outbox.lostWindows, outbox.lostEvents);
  }

  summary(): Pick<TelemetrySummary, 'windowsLost' | 'eventsLost'> {
    return {
      windowsLost: this.#statements.lostWindows.get()?.lost ?? 0,
      eventsLost: this.#statements.lostEvents.get()?.lost ?? 0,
    };
  }

  /** Forgets runs that began before, at most so many, and not what was missing of them; answers how many. */
  forgetRuns(beforeMs: number, rows: number): number {
    return this.#forget(beforeMs, rows);
  }

  #forgetRuns(beforeMs: number, rows: number): number {
    const { oldRuns, forgotten, forgetRun } = this.#statements;
    const runs = oldRuns.all(beforeMs, rows);
    for (const { device, run, missing } of runs) {
      if (missing > 0) forgotten.run(device, missing);
      forgetRun.run(device, run);
      this.#trimmed.forget(device, run);
    }
    return runs.length;
  }
}

function prepare(db: Database) {
  return {
    countRun: db.prepare<[string, string, number, number]>(
      `insert into window_runs (device, run_id, received, highest, began_ms) values (?, ?, 1, ?, ?)
       on conflict do update set received = received + 1, highest = max(highest, excluded.highest)`,
    ),
    dropped: db.prepare<[string, number, number]>(
      `insert into device_losses (device, windows, events) values (?, ?, ?)
       on conflict do update set windows = max(windows, excluded.windows), events = max(events, excluded.events)`,
    ),
    // A window that the outbox dropped leaves a gap as soon as a later one of its run arrives: count it once, per device.
    lostWindows: db.prepare<[], { lost: number }>(
      `select coalesce(sum(max(0, gaps.missing + coalesce(device_losses.forgotten, 0), coalesce(device_losses.windows, 0))), 0) as lost
       from (select device, sum(highest + 1 - received) as missing from window_runs group by device) as gaps
       left join device_losses on device_losses.device = gaps.device`,
    ),
    lostEvents: db.prepare<[], { lost: number }>('select coalesce(sum(events), 0) as lost from device_losses'),
    // A device's newest run stays, however old: it may come back and go on with it.
    oldRuns: db.prepare<[number, number], { device: string; run: string; missing: number }>(
      `select device, run_id as run, highest + 1 - received as missing from window_runs as old where began_ms < ? and exists
       (select 1 from window_runs as newer where newer.device = old.device and newer.began_ms > old.began_ms)
       order by began_ms limit ?`,
    ),
    forgotten: db.prepare<[string, number]>(
      `insert into device_losses (device, windows, events, forgotten) values (?, 0, 0, ?)
       on conflict do update set forgotten = forgotten + excluded.forgotten`,
    ),
    forgetRun: db.prepare<[string, string]>('delete from window_runs where device = ? and run_id = ?'),
  };
}
