import type { Clock } from '@bellwether/shared/clock';
import { codeOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { ServeSettings } from '../config.js';
import type { SpaceSqlite } from '../database/space-sqlite.js';
import type { Timeline } from '../timeline/timeline-entry.js';
import type { RollUpStoreSql } from './roll-up-store-sql.js';
import type { TelemetryStore } from './telemetry-store.js';

const dayMs = 86_400_000;
const megabyte = 2 ** 20;
const everyMs = 60_000;
/** Where there is more to do, the next pass comes so soon: between two of them messages are taken. */
const soonMs = 20;
/** Takes 7 ms in the middle of the measured ones (m), and 5,000 rows go in a second. */
const rowsPerPass = 100;
/** What one pass gives back to the disk. */
const bytesPerPass = megabyte / 4;
/** That the oldest windows go because of the size is told once an hour. */
const toldMs = 3_600_000;

type Limits = Pick<ServeSettings, 'windowDays' | 'eventDays' | 'minuteDays' | 'hourDays' | 'telemetryMb'>;

interface RetentionParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<TelemetryStore, 'trim' | 'shedWindows'>;
  readonly rollUps: Pick<RollUpStoreSql, 'trim' | 'shed'>;
  readonly space: Pick<SpaceSqlite, 'usedBytes' | 'freeBytes' | 'giveBack'>;
  readonly timeline: Timeline;
  readonly limits: Limits;
  /** Free room that the file keeps: what is written next goes there. */
  readonly keptFreeBytes?: number;
}

/** Deletes old telemetry: by age, and the oldest windows first where the database is too large; a bounded part of it at a time. */
export class Retention {
  readonly #parts: RetentionParts;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #cancel: () => void = () => {};

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#cancel = this.#parts.clock.after(everyMs, () => this.#pass());
  }

  /** May be called twice. */
  stop(): void {
    this.#cancel();
  }

  #pass(): void {
    const { clock, log } = this.#parts;
    let hasMore = false;
    try {
      hasMore = this.#trim() || this.#shed() || this.#giveBack();
    } catch (cause) {
      // The next pass tries again; ingest has its own, louder answer to a database that does not write.
      log.warn({ err: cause, code: codeOf(cause) }, 'Old telemetry could not be deleted');
    }
    this.#cancel = clock.after(hasMore ? soonMs : everyMs, () => this.#pass());
  }

  /** By age; true when there is more of it. */
  #trim(): boolean {
    const { clock, store, rollUps, limits } = this.#parts;
    const now = clock.now().wallMs;
    const before = {
      windowsBeforeMs: now - limits.windowDays * dayMs,
      eventsBeforeMs: now - limits.eventDays * dayMs,
      runsBeforeMs: now - limits.hourDays * dayMs,
    };
    const deleted = store.trim({ ...before, rejectedMessages: 1000, rowsPerPass });
    const levels = { minute: now - limits.minuteDays * dayMs, hour: now - limits.hourDays * dayMs };
    return Math.max(deleted, rollUps.trim(levels, rowsPerPass)) >= rowsPerPass;
  }

  /** By size: windows first, since their sums stay in the series; then the series by the minute. True when something went. */
  #shed(): boolean {
    const { space, store, rollUps, limits } = this.#parts;
    if (space.usedBytes() <= limits.telemetryMb * megabyte) return false;
    const windows = store.shedWindows(rowsPerPass);
    const points = windows > 0 ? 0 : rollUps.shed(rowsPerPass);
    this.#tell(windows > 0 ? 'windows' : 'series by the minute');
    return windows + points > 0;
  }

  #tell(what: string): void {
    const { clock, log, timeline, limits } = this.#parts;
    const { wallMs, monotonicMs } = clock.now();
    if (monotonicMs - this.#toldAtMs < toldMs) return;
    this.#toldAtMs = monotonicMs;
    const atMs = Math.floor(wallMs);
    const message = `the database has reached ${limits.telemetryMb} MB: the oldest ${what} go before their time`;
    log.warn({ megabytes: limits.telemetryMb, what }, 'The database is as large as it may be: the oldest goes');
    const key = { source: 'server-size', run: 'size', sequence: atMs };
    timeline.add({ key, kind: 'telemetry-shed', atMs, arrivedAtMs: atMs, message });
  }

  /** To the disk, where much of the file is free; true when there is more of it. */
  #giveBack(): boolean {
    const { space, keptFreeBytes = 64 * megabyte } = this.#parts;
    const free = space.freeBytes();
    if (free <= Math.max(keptFreeBytes, space.usedBytes() / 4)) return false;
    space.giveBack(bytesPerPass);
    return space.freeBytes() < free;
  }
}
