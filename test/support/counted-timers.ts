import type { Clock, Instant } from '@bellwether/shared/clock';

/**
 * A clock for one part of the product that knows how many of its timers run: while one does that gives up what waits for
 * real bytes, a test lets the virtual clock stand, or a busy machine would be taken for a network that is gone.
 */
export class CountedTimers implements Clock {
  readonly #clock: Clock;
  #running = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get running(): number {
    return this.#running;
  }

  now(): Instant {
    return this.#clock.now();
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleep(delayMs, signal);
  }

  after(delayMs: number, callback: () => void): () => void {
    let isRunning = true;
    const end = (): void => {
      if (isRunning) this.#running--;
      isRunning = false;
    };
    this.#running++;
    const cancel = this.#clock.after(delayMs, () => {
      end();
      callback();
    });
    return () => {
      end();
      cancel();
    };
  }
}
