import type { Clock } from '@bellwether/shared/clock';
import type { Labels } from '@bellwether/shared/contract/http-api';
import { codeOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { decodeMessage } from './device-message.js';
import { RollUpBook, type RollUpBookOptions, type StoredWindow } from './roll-up-book.js';
import type { RollUpStoreSql } from './roll-up-store-sql.js';

/** How long points are added up in memory, where nobody asks for them. */
const storeEveryMs = 1000;
/** With so many points of devices they are stored at once: a transaction takes a few milliseconds, and devices wait meanwhile. */
const maxWaiting = 200;
/** Windows that are read at a time after a start. */
const chunk = 500;

export interface RollUpsParts extends RollUpBookOptions {
  readonly store: RollUpStoreSql;
  readonly clock: Clock;
  readonly log: Log;
  /** Of a device that nobody knows any more: none. */
  readonly labelsOf: (device: string) => Labels;
}

/** Keeps the series up to date: in memory at once, in the database within a second or when somebody asks, and after a crash from the windows themselves. */
export class RollUps {
  readonly #parts: RollUpsParts;
  readonly #book: RollUpBook;
  #cancel: (() => void) | undefined;
  #isSoon = false;

  constructor(parts: RollUpsParts) {
    this.#parts = parts;
    this.#book = new RollUpBook(parts);
  }

  /** Adds what was stored and not rolled up when the last run ended. Before the first new window. */
  start(): void {
    const { store, log } = this.#parts;
    for (;;) {
      const waiting = store.waiting(chunk);
      const last = waiting.at(-1);
      if (last === undefined) return;
      log.info({ windows: waiting.length }, 'Windows from before the start are added to the series');
      for (const { device, arrivedAtMs, body } of waiting) {
        const decoded = decodeMessage(device, 'window', Buffer.from(body));
        if (decoded.kind === 'window') this.#add({ window: decoded.value, arms: decoded.arms, arrivedAtMs });
      }
      this.#store(last.number);
    }
  }

  /** A new window was committed. Every one has to come here before anything else can run: the newest stored window tells how far the series are. */
  add(stored: Omit<StoredWindow, 'labels'>): void {
    this.#add(stored);
    // Never at once: others of the same commit may still have to come, and would count as added up.
    if (this.#book.waiting >= maxWaiting && !this.#isSoon) this.#storeIn(0);
    else if (this.#cancel === undefined) this.#storeIn(storeEveryMs);
  }

  /** Stores what waits, now. What cannot be stored waits on, and is added up again from the windows if the server ends before. */
  store(): void {
    // Not by the timer: what could not be stored waits without one.
    if (this.#book.waiting === 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isSoon = false;
    const { store, log } = this.#parts;
    try {
      this.#store(store.newest());
    } catch (cause) {
      log.error(
        { err: cause, code: codeOf(cause) },
        'Series could not be stored; they are tried again with the next windows, and when somebody asks',
      );
    }
  }

  #storeIn(delayMs: number): void {
    this.#cancel?.();
    this.#cancel = this.#parts.clock.after(delayMs, () => this.store());
    this.#isSoon = delayMs === 0;
  }

  #store(through: number): void {
    this.#parts.store.add(this.#book.sums(), through);
    this.#book.clear();
  }

  #add(stored: Omit<StoredWindow, 'labels'>): void {
    this.#book.add({ ...stored, labels: this.#parts.labelsOf(stored.window.device) });
  }
}
