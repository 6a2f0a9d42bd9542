import type { Clock } from '@bellwether/shared/clock';

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

interface GroupCommitOptions<Item, Result> {
  readonly clock: Pick<Clock, 'after'>;
  /** Writes all items or none, and answers one result for each, in their order; throws when it could not. */
  readonly commit: (items: readonly Item[]) => readonly Result[];
  readonly maxDelayMs: number;
  readonly maxItems: number;
}

/** A clock for groups that wait no longer than for what came in the same turn of the event loop. */
export const endOfTurn: Pick<Clock, 'after'> = {
  after: (_delayMs, act) => {
    const timer = setImmediate(act);
    return () => clearImmediate(timer);
  },
};

/**
 * Gathers items and commits them together: one fsync for many [W-6]. `add` resolves when the commit that holds the item
 * has returned, and rejects with its error.
 */
export class GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = options;
  }

  add(item: Item): Promise<Result> {
    const { clock, maxDelayMs, maxItems } = this.#options;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length >= maxItems) this.flush();
      else this.#cancelTimer ??= clock.after(maxDelayMs, () => this.flush());
    });
  }

  /** Commits what waits, now. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const group = this.#waiting;
    if (group.length === 0) return;
    this.#waiting = [];
    try {
      const results = this.#options.commit(group.map(({ item }) => item));
      for (const [i, result] of results.entries()) group[i]?.resolve(result);
    } catch (reason) {
      for (const { reject } of group) reject(reason);
    }
  }
}
