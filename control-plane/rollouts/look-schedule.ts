import type { Clock } from '@bellwether/shared/clock';

/** Reports come in crowds; the rollouts that they concern are looked at together. */
const lookDelayMs = 100;
/** Time alone changes a rollout in steps too: holds, limits, windows. */
const tickMs = 500;

interface ScheduleParts {
  readonly clock: Clock;
  /** Rollouts that time alone may change. */
  readonly inTime: () => readonly number[];
  readonly look: (rollouts: readonly number[]) => void;
}

/** When rollouts are looked at: soon after something was said, and twice a second while one is on its way. */
export class LookSchedule {
  readonly #parts: ScheduleParts;
  readonly #waiting = new Set<number>();
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
    this.#cancelLook ??= this.#parts.clock.after(lookDelayMs, () => {
      this.#cancelLook = undefined;
      const numbers = [...this.#waiting];
      this.#waiting.clear();
      this.#parts.look(numbers);
    });
  }
}
