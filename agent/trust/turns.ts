/** Lets tasks run one after the other, in the order they came. One that fails stops none after it. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs the task when those before it have ended; settles as it does. */
  async take<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {}); // whoever asked for it is told
    return result;
  }
}
