import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@bellwether/shared/clock';

/** Long work on the main thread lets others run after this much of it. */
const sliceMs = 5;

/** Cuts long work into slices, and ends it. */
export class TimeSlices {
  readonly #clock: Pick<Clock, 'now'>;
  #begunMs = 0;
  #isStopped = false;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Between two pieces of work: lets others run when the slice is used up. True: it ends here. */
  async isOver(): Promise<boolean> {
    if (this.#clock.now().monotonicMs - this.#begunMs >= sliceMs) {
      await setImmediate();
      this.#begunMs = this.#clock.now().monotonicMs;
    }
    return this.#isStopped;
  }
}
