/** Runs tasks one after the other, in the order they came; one that fails does not stop the next. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as the task does. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {}); // the caller has the failure
    return result;
  }

  /** Resolves when all that came before has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
