import type { Clock } from '@bellwether/shared/clock';
import { codeOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { ServeSettings } from '../config.js';
import type { SpaceSqlite } from '../database/space-sqlite.js';
import type { Timeline } from '../timeline/timeline-entry.js';
import type { RollUpStoreSql } from './roll-up-store-sql.js';
import type { SizeOfOthers } from './size-of-others.js';
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
/** That something goes because of the size is told once an hour, and is so for an hour. */
const toldMs = 3_600_000;
/** Windows that came within this time go for size only where nothing older is left, and that is said. */
const freshMs = 3_600_000;

type Limits = Pick<ServeSettings, 'windowDays' | 'eventDays' | 'minuteDays' | 'hourDays' | 'telemetryMb'>;

interface RetentionParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<TelemetryStore, 'trim' | 'shedWindows'>;
  readonly rollUps: Pick<RollUpStoreSql, 'trim' | 'shed'>;
  readonly space: Pick<SpaceSqlite, 'usedBytes' | 'freeBytes' | 'giveBack'>;
  /** What the limit of the size is not about. */
  readonly others: Pick<SizeOfOthers, 'bytes'>;
  readonly timeline: Timeline;
  readonly limits: Limits;
  /** Free room that the file keeps: what is written next goes there. */
  readonly keptFreeBytes?: number;
}

/** What goes because of the size. */
type Shed = 'the oldest windows' | 'windows of the last hour' | 'the oldest series by the minute';

/** Deletes old telemetry: by age, and the oldest windows first where it takes too much room; a bounded part of it at a time. */
export class Retention {
  readonly #parts: RetentionParts;
  readonly #toldAtMs = new Map<Shed, number>();
  #shortAtMs = Number.NEGATIVE_INFINITY;
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

  /** Windows of the last hour go, or went within it: there is less room than the fleet needs. */
  get isShort(): boolean {
    return this.#parts.clock.now().monotonicMs - this.#shortAtMs < toldMs;
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
    if (!this.#isTooLarge()) return false;
    const { clock, store, rollUps } = this.#parts;
    const { wallMs, monotonicMs } = clock.now();
    if (store.shedWindows(rowsPerPass, wallMs - freshMs) > 0) {
      this.#tell('the oldest windows');
      return true;
    }
    if (store.shedWindows(rowsPerPass, Number.MAX_SAFE_INTEGER) > 0) {
      this.#shortAtMs = monotonicMs;
      this.#tell('windows of the last hour');
      return true;
    }
    this.#tell('the oldest series by the minute');
    return rollUps.shed(rowsPerPass) > 0;
  }

  #isTooLarge(): boolean {
    const { space, others, limits } = this.#parts;
    const [usedBytes, limit] = [space.usedBytes(), limits.telemetryMb * megabyte];
    if (usedBytes <= limit) return false;
    const otherBytes = others.bytes();
    return otherBytes !== undefined && usedBytes - otherBytes > limit;
  }

  #tell(what: Shed): void {
    const { clock, log, timeline, limits } = this.#parts;
    const { wallMs, monotonicMs } = clock.now();
    if (monotonicMs - (this.#toldAtMs.get(what) ?? Number.NEGATIVE_INFINITY) < toldMs) return;
    this.#toldAtMs.set(what, monotonicMs);
    const atMs = Math.floor(wallMs);
    const message = `windows and series have reached ${limits.telemetryMb} MB: ${what} go before their time`;
    log.warn({ megabytes: limits.telemetryMb, what }, 'Telemetry takes as much room as it may: some of it goes');
    const key = { source: 'server-size', run: what, sequence: atMs };
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
