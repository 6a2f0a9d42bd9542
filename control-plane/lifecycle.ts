/** Something that begins and ends. */
export interface Step {
  readonly start?: () => void | Promise<void>;
  readonly stop?: () => void | Promise<void>;
}

/** Steps that start one after the other and stop in reverse. A step that fails to start stops those before it. */
export class Lifecycle {
  readonly #steps: readonly Step[];
  #started: Step[] = [];

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** Does nothing when it has started already. */
  async start(): Promise<void> {
    if (this.#started.length > 0) return;
    for (const step of this.#steps) {
      this.#started.push(step);
      try {
        await step.start?.();
      } catch (cause) {
        await this.stop();
        throw cause;
      }
    }
  }

  /** Stops everything that started, also when one of them fails; throws the first failure then. May be called twice. */
  async stop(): Promise<void> {
    const started = this.#started;
    this.#started = [];
    await stopAll(started.map((step) => () => step.stop?.()));
  }
}

/** Calls all of them in reverse, also when one fails; throws the first failure then. */
export async function stopAll(stops: readonly (() => void | Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of stops.toReversed()) {
    try {
      await stop();
    } catch (cause) {
      failures.push(cause);
    }
  }
  if (failures.length > 0) throw failures[0];
}
