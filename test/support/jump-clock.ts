import { type Clock, type Instant, systemClock } from '@bellwether/shared/clock';

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

/** The machine's clock, which a test can put forward: timers that fall due by that fire at once. */
export class JumpClock implements Clock {
  readonly #timers = new Set<Timer>();
  #aheadMs = 0;

  now(): Instant {
    const { wallMs, monotonicMs } = systemClock.now();
    return { wallMs: wallMs + this.#aheadMs, monotonicMs: monotonicMs + this.#aheadMs };
  }

  after(delayMs: number, callback: () => void): () => void {
    const cancel = (): void => {
      cancelReal();
      this.#timers.delete(timer);
    };
    const timer: Timer = {
      dueMs: this.now().monotonicMs + delayMs,
      fire: () => {
        cancel();
        callback();
      },
    };
    const cancelReal = systemClock.after(delayMs, timer.fire);
    this.#timers.add(timer);
    return cancel;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const finish = (): void => {
        cancel();
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const cancel = this.after(delayMs, finish);
      signal?.addEventListener('abort', finish, { once: true });
    });
  }

  /** So many milliseconds later. */
  jump(byMs: number): void {
    this.#aheadMs += byMs;
    const { monotonicMs } = this.now();
    const due = [...this.#timers].filter(({ dueMs }) => dueMs <= monotonicMs).sort((a, b) => a.dueMs - b.dueMs);
    for (const { fire } of due) fire();
  }
}
