/** A map that forgets what was not written for longest: what is kept of strangers must have a bound. */
export class RecentMap<Value> {
  readonly #values = new Map<string, Value>();
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#values.delete(key); // put back at the end: the first key is the one that was not written for longest
    this.#values.set(key, value);
    const [oldest] = this.#values.size > this.#maxEntries ? this.#values.keys() : [];
    if (oldest !== undefined) this.#values.delete(oldest);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
