import type { Clock } from '@bellwether/shared/clock';
import { UsualCost } from '../limits/usual-cost.js';

/** Reports come in crowds; the rollouts that they concern are looked at together. */
const lookDelayMs = 100;
/** Looking at a large fleet takes its time: it rests nine times as long as it usually does, so that looks take a tenth of a core at most. */
const restFactor = 9;
/** Time alone changes a rollout in steps too: holds, limits, windows. */
const tickMs = 1000;

interface ScheduleParts {
  readonly clock: Clock;
  /** Rollouts that time alone may change. */
  readonly inTime: () => readonly number[];
  readonly look: (rollouts: readonly number[]) => Promise<void>;
}

/** When rollouts are looked at: soon after something was said, and every second while one is on its way. */
export class LookSchedule {
  readonly #parts: ScheduleParts;
  readonly #waiting = new Set<number>();
  readonly #cost = new UsualCost();
  /** Monotonic milliseconds. */
  #restsUntilMs = Number.NEGATIVE_INFINITY;
  #cancelLook: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;

  constructor(parts: ScheduleParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#cancelTick?.();
    this.#cancelTick = this.#parts.clock.after(tickMs, () => {
      this.soon(this.#parts.inTime());
      this.start();
    });
  }

  stop(): void {
    this.#cancelLook?.();
    this.#cancelTick?.();
  }

  /** Looks at these rollouts with whatever else is said in the next moment. */
  soon(rollouts: readonly number[]): void {
    if (rollouts.length === 0) return;
    for (const number of rollouts) this.#waiting.add(number);
    if (this.#cancelLook !== undefined) return;
    const { clock } = this.#parts;
    const delayMs = Math.max(lookDelayMs, this.#restsUntilMs - clock.now().monotonicMs);
    this.#cancelLook = clock.after(delayMs, () => {
      this.#cancelLook = undefined;
      const numbers = [...this.#waiting];
      this.#waiting.clear();
      this.#look(numbers);
    });
  }

  #look(numbers: readonly number[]): void {
    const { clock, look } = this.#parts;
    const startMs = clock.now().monotonicMs;
    void look(numbers);
    // What has run so far held up everything else; what is awaited from here on does not.
    const endMs = clock.now().monotonicMs;
    this.#restsUntilMs = endMs + restFactor * this.#cost.took(endMs - startMs);
  }
}
