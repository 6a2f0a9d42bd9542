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

  /** May be called twice. */
  async stop(): Promise<void> {
    const started = this.#started;
    this.#started = [];
    for (const step of started.reverse()) await step.stop?.();
  }
}
