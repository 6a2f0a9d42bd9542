import type { Clock } from '@bellwether/shared/clock';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { type Plan, type Step, stepKey } from './step.js';

/** After a step failed for a reason that nobody foresaw, its lane rests this long. */
const faultRestMs = 5_000;

export interface LoopParts {
  /** What the world wants and has, as steps. Reads, decides, and changes nothing. */
  readonly plan: () => Plan;
  /** Does one step. The signal aborts when a newer plan no longer holds it. Ordinary failures are recorded, not thrown. */
  readonly execute: (step: Step, signal: AbortSignal) => Promise<void>;
  /** After every pass, with what it planned. */
  readonly onPass: (plan: Plan) => void;
  readonly clock: Clock;
  readonly log: Log;
}

interface Running {
  readonly key: string;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/**
 * Level-triggered reconcile: a pass plans from what is observed, aborts running steps that the plan no longer
 * holds (the newest order wins), and starts the first step of every free lane. A step that ends causes the next pass.
 * Passes never overlap: each is synchronous; a lane has one step at a time.
 */
export class ReconcileLoop {
  readonly #parts: LoopParts;
  readonly #running = new Map<string, Running>();
  readonly #resting = new Set<string>();
  readonly #timers = new Set<() => void>();
  #cancelLook: () => void = () => {};
  #isStarted = false;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  /** Begins with a pass. May be called twice. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.wake();
  }

  /** Something has changed: look again now. */
  wake(): void {
    if (!this.#isStarted) return;
    this.#cancelLook();
    const plan = this.#parts.plan();
    this.#abortUnplanned(plan.steps);
    for (const step of plan.steps) this.#begin(step);
    if (plan.lookAgainMs !== null) this.#cancelLook = this.#parts.clock.after(plan.lookAgainMs, () => this.wake());
    this.#parts.onPass(plan);
  }

  /** Aborts what runs and resolves when it has ended. May be called twice. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#cancelLook();
    for (const cancel of this.#timers) cancel();
    const running = [...this.#running.values()];
    for (const { abort } of running) abort.abort();
    await Promise.all(running.map(({ done }) => done));
  }

  #abortUnplanned(steps: readonly Step[]): void {
    const planned = new Set(steps.map(stepKey));
    for (const { key, abort } of this.#running.values()) if (!planned.has(key)) abort.abort();
  }

  #begin(step: Step): void {
    if (this.#running.has(step.lane) || this.#resting.has(step.lane)) return;
    const abort = new AbortController();
    this.#parts.log.info({ step: step.type, lane: step.lane, reason: step.reason }, 'step begins');
    this.#running.set(step.lane, { key: stepKey(step), abort, done: this.#run(step, abort.signal) });
  }

  async #run(step: Step, signal: AbortSignal): Promise<void> {
    try {
      // The lane is taken before the step begins, so that a step that wakes the loop at once does not begin twice.
      await Promise.resolve();
      await this.#parts.execute(step, signal);
    } catch (error) {
      // The loop must outlive any fault of a step; whatever it was, the next pass plans from what is really there.
      this.#parts.log.error({ step: step.type, lane: step.lane, err: messageOf(error) }, 'step failed unexpectedly');
      this.#rest(step.lane);
    } finally {
      this.#running.delete(step.lane);
    }
    this.wake();
  }

  #rest(lane: string): void {
    this.#resting.add(lane);
    const cancel = this.#parts.clock.after(faultRestMs, () => {
      this.#resting.delete(lane);
      this.#timers.delete(cancel);
      this.wake();
    });
    this.#timers.add(cancel);
  }
}
