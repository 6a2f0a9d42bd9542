import type { Database } from 'better-sqlite3';
import type { Report } from '@bellwether/shared/contract/report';
import { systemOf } from '../fleet/device-system.js';
import type { Timeline } from '../timeline/timeline-entry.js';

/** Which system each device ran last: another one is told in the timeline, with the report that names it. */
export class SystemChangesSql {
  readonly #timeline: Timeline;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database, timeline: Timeline) {
    this.#timeline = timeline;
    this.#statements = prepare(db);
  }

  /** Called within the transaction that stores this report, which is the newest of its device. */
  reported({ device, runId, sequence, machine }: SystemReport, arrivedAtMs: number): void {
    // Read once at the agent's start, so it may be missing from the first report.
    if (machine === undefined) return;
    const system = systemOf(machine);
    const before = this.#statements.system.get(device)?.system ?? null;
    if (before === system) return;
    this.#statements.setSystem.run(system, device);
    if (before === null) return;
    const key = { source: 'server-system', run: runId, sequence };
    this.#timeline.add({ key, kind: 'system-changed', atMs: arrivedAtMs, arrivedAtMs, device, message: system });
  }
}

type SystemReport = Pick<Report, 'device' | 'runId' | 'sequence' | 'machine'>;

/** The system of every device that has named one. */
export function storedSystems(db: Database): readonly { readonly device: string; readonly system: string }[] {
  return db
    .prepare<[], { device: string; system: string }>(
      'select id as device, system from devices where system is not null',
    )
    .all();
}

function prepare(db: Database) {
  return {
    system: db.prepare<[string], { system: string | null }>('select system from devices where id = ?'),
    setSystem: db.prepare<[string, string]>('update devices set system = ? where id = ?'),
  };
}
