import type { Clock, Instant } from '@bellwether/shared/clock';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. Timers fire in the order they fall due. */
export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #timers = new Set<Timer>();
  readonly #waiting = new Set<() => void>();

  constructor(wallMs = Date.UTC(2026, 0, 1)) {
    this.#wallMs = wallMs;
  }

  now(): Instant {
    return { wallMs: this.#wallMs, monotonicMs: this.#monotonicMs };
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#monotonicMs + delayMs, callback };
    this.#timers.add(timer);
    for (const wake of this.#waiting) wake();
    return () => this.#timers.delete(timer);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const finish = () => {
        cancel();
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const cancel = this.after(delayMs, finish);
      signal?.addEventListener('abort', finish, { once: true });
    });
  }

  /** Milliseconds until each timer that waits, ascending. */
  get pending(): number[] {
    return [...this.#timers].map((timer) => timer.dueMs - this.#monotonicMs).sort((a, b) => a - b);
  }

  /** Resolves as soon as `count` timers wait: the code under test has come to where it waits for the clock. */
  async untilPending(count = 1): Promise<void> {
    while (this.#timers.size < count) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  /** Waits for a timer, then moves to the next one that falls due; returns how far that was. */
  async advanceToNext(): Promise<number> {
    await this.untilPending();
    const [delayMs = 0] = this.pending;
    await this.advance(delayMs);
    return delayMs;
  }

  /** Moves both clocks and fires what falls due, then lets the promises that it settled run. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#monotonicMs + byMs;
    for (;;) {
      const next = [...this.#timers].filter((t) => t.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#move(next.dueMs);
      this.#timers.delete(next);
      next.callback();
      await new Promise(setImmediate);
    }
    this.#move(endMs);
    await new Promise(setImmediate);
  }

  /** Sets the wall clock, as NTP or a person does: monotonic time and timers do not notice. */
  setWall(wallMs: number): void {
    this.#wallMs = wallMs;
  }

  #move(toMs: number): void {
    this.#wallMs += toMs - this.#monotonicMs;
    this.#monotonicMs = toMs;
  }
}
