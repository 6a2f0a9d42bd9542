import { DecodeError } from '@bellwether/shared/contract/decode';
import type { Window } from '@bellwether/shared/contract/window';
import type { Log } from '@bellwether/shared/log';
import { decodeMessage } from '../device-message.js';
import type { DriftSubject } from './drift-finding.js';
import type { DriftStore, NumberedWindow, StoredLook } from './drift-store.js';
import { type FreshRows, FreshWindows } from './fresh-windows.js';
import type { ReferenceBook } from './reference-book.js';
import type { TimeSlices } from './time-slices.js';
import { lookKey } from './waiting-rows.js';

/** Windows that are read again at most; what is older is counted as skipped. */
const maxMissed = 50_000;
/** Windows that are read from the database at a time. */
const chunk = 50;

interface MissedParts {
  readonly log: Log;
  readonly store: DriftStore;
  readonly references: Pick<ReferenceBook, 'of' | 'settled'>;
}

/** How rows of a window that was stored before are to be taken. */
export interface RowsFound {
  /** All windows that wait with them have higher numbers. */
  readonly after: number;
  readonly nowMs: number;
  /** Whether the last look at a subject came before that window; left out when it is new. */
  readonly isMissed?: (subject: DriftSubject) => boolean;
}

/** Windows that were stored before the start and that not every look has: the server ended before it could look at them. */
export class MissedWindows {
  readonly #parts: MissedParts;
  /** Number of the newest window in a look, by release and subject. */
  readonly #through = new Map<string, number>();
  #after = 0;
  #next = 0;
  #upTo = 0;
  #skipped = 0;

  constructor(parts: MissedParts) {
    this.#parts = parts;
  }

  get skipped(): number {
    return this.#skipped;
  }

  /** `newest`: the number of the newest window that was stored before the start. */
  start(newest: number): void {
    const { store, log } = this.#parts;
    const through = store.through();
    this.#upTo = newest;
    this.#after = Math.max(through, newest - maxMissed);
    this.#next = this.#after;
    this.#skipped = this.#after - through;
    if (this.#skipped > 0) log.warn({ windows: this.#skipped }, 'Windows from long before the start are not looked at');
  }

  /** What the last look at a subject has; all of them before the first window is read. */
  has({ manifest, subject, through }: StoredLook): void {
    this.#through.set(lookKey(manifest, subject), through);
  }

  /** Reads them once, in slices; begins where it was stopped. */
  async readInto(take: (rows: FreshRows, found: RowsFound) => void, slices: TimeSlices): Promise<void> {
    while (this.#next < this.#upTo) {
      const windows = this.#parts.store.windows(this.#next, this.#upTo, chunk);
      if (windows.length === 0) this.#next = this.#upTo;
      for (const numbered of windows) {
        const fresh = new FreshWindows(this.#parts.references);
        const window = this.#decoded(numbered);
        if (window !== undefined) fresh.take(numbered.device, window);
        if (fresh.isWaiting) await this.#parts.references.settled();
        const isMissed = (subject: DriftSubject, manifest: string): boolean =>
          numbered.number > (this.#through.get(lookKey(manifest, subject)) ?? 0);
        for (const rows of fresh.drain()) {
          const { manifest } = rows.release;
          take(rows, {
            after: this.#after,
            nowMs: numbered.arrivedAtMs,
            isMissed: (subject) => isMissed(subject, manifest),
          });
        }
        this.#next = numbered.number;
        if (await slices.isOver()) return;
      }
    }
    this.#through.clear();
  }

  #decoded({ device, body }: NumberedWindow): Window | undefined {
    try {
      const decoded = decodeMessage(device, 'window', Buffer.from(body));
      return decoded.kind === 'window' ? decoded.value : undefined;
    } catch (cause) {
      // An older version took it.
      if (!(cause instanceof DecodeError)) throw cause;
      this.#skipped++;
      return undefined;
    }
  }
}
