/** Events that are remembered of one segment; beyond that its keyed calls count no more, in both arms alike. */
const maxEntries = 20_000;

/**
 * Calls with one assignment key are one experiment: in a segment a key gives at most one event of each kind,
 * however often it calls, or one broken camera would weigh as much as a thousand.
 */
export class KeyedEvents {
  readonly #seen = new Set<string>();

  /** True the first time that this event of this key comes; always without a key. */
  isFirst(event: string, key: string | undefined): boolean {
    if (key === undefined) return true;
    const entry = `${event} ${key}`;
    if (this.#seen.size >= maxEntries || this.#seen.has(entry)) return false;
    this.#seen.add(entry);
    return true;
  }
}
