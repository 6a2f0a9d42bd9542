/** How many of the last calls were bad; a call costs a few nanoseconds. */
export class RecentCalls {
  readonly #bad: Uint8Array;
  #next = 0;
  #count = 0;
  #failures = 0;

  /** Remembers so many. */
  constructor(size: number) {
    this.#bad = new Uint8Array(size);
  }

  get calls(): number {
    return this.#count;
  }

  get failures(): number {
    return this.#failures;
  }

  add(isBad: boolean): void {
    this.#failures += (isBad ? 1 : 0) - (this.#bad[this.#next] ?? 0);
    this.#bad[this.#next] = isBad ? 1 : 0;
    this.#next = (this.#next + 1) % this.#bad.length;
    this.#count = Math.min(this.#bad.length, this.#count + 1);
  }
}
