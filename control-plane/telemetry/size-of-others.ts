import type { Clock } from '@bellwether/shared/clock';
import { codeOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { SizeQuestion, TableSize } from '../database/table-sizes-sql.js';

/** What `--telemetry-mb` is about; their indexes with them. */
const telemetryTables = ['windows', 'roll_ups'];
/** Measured again after so long, where it matters; and so soon where it failed. */
const measuredEveryMs = 3_600_000;
const failedEveryMs = 60_000;

interface SizeOfOthersParts {
  /** Reads off the main thread. */
  readonly measure: (asked: SizeQuestion) => Promise<TableSize | null>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How much room of the database is not telemetry's: the audit log, evidence, the timeline. Windows do not go because those grow. */
export class SizeOfOthers {
  readonly #parts: SizeOfOthersParts;
  #bytes: number | undefined;
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #isMeasuring = false;

  constructor(parts: SizeOfOthersParts) {
    this.#parts = parts;
  }

  /** As it was measured last; undefined: not yet. Where that is an hour old, it is measured again meanwhile. */
  bytes(): number | undefined {
    if (!this.#isMeasuring && this.#parts.clock.now().monotonicMs >= this.#nextAtMs) void this.#measure();
    return this.#bytes;
  }

  async #measure(): Promise<void> {
    const { measure, clock, log } = this.#parts;
    this.#isMeasuring = true;
    try {
      let bytes = 0;
      const ask = (after: string) => measure({ after, except: telemetryTables });
      for (let table = await ask(''); table !== null; table = await ask(table.name)) bytes += table.bytes;
      this.#bytes = bytes;
      this.#nextAtMs = clock.now().monotonicMs + measuredEveryMs;
    } catch (cause) {
      // What it was counts on. Where nobody ever knew, all of the database is telemetry's: its size stays bounded.
      this.#bytes ??= 0;
      this.#nextAtMs = clock.now().monotonicMs + failedEveryMs;
      log.warn({ err: cause, code: codeOf(cause) }, 'The size of what is not telemetry could not be measured');
    } finally {
      this.#isMeasuring = false;
    }
  }
}
