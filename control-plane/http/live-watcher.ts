import type { TimelineEvent } from '../timeline/timeline-api.js';

/** What changed since a watcher looked last: each thing once, however often it changed; events one by one. */
export interface Changes {
  readonly devices: Set<string>;
  readonly rollouts: Set<string>;
  readonly alerts: Set<string>;
  releases: boolean;
  readonly events: TimelineEvent[];
}

/** Events that wait for one watcher; older ones are in GET /events. */
export const maxEvents = 500;
/** A watcher that has not taken its batch for so long is too slow. */
const stalledMs = 15_000;

const nothing = (): Changes => ({
  devices: new Set(),
  rollouts: new Set(),
  alerts: new Set(),
  releases: false,
  events: [],
});

/** One reader of the live feed. What waits for it cannot grow beyond one entry per device, rollout and alert, and the newest events. */
export class LiveWatcher {
  readonly drop: () => void;
  #changes = nothing();
  #isDirty = false;
  #busySinceMs: number | undefined;
  #resolve: ((changes: Changes | undefined) => void) | undefined;
  #ended = false;

  /** `drop` ends the connection. */
  constructor(drop: () => void) {
    this.drop = drop;
  }

  note(change: (changes: Changes) => void): void {
    change(this.#changes);
    const { events } = this.#changes;
    if (events.length > maxEvents) events.splice(0, events.length - maxEvents);
    this.#isDirty = true;
  }

  /** Hands out what waits, if the watcher is back for more. */
  wake(nowMs: number): void {
    if (!this.#isDirty || this.#resolve === undefined) return;
    const [resolve, changes] = [this.#resolve, this.#changes];
    this.#resolve = undefined;
    this.#changes = nothing();
    this.#isDirty = false;
    this.#busySinceMs = nowMs;
    resolve(changes);
  }

  /** Whether something waits that it was too busy to take: nobody else may change anything for hours, and it would never know. */
  get isBehind(): boolean {
    return this.#isDirty && !this.#ended;
  }

  isStalled(nowMs: number): boolean {
    return this.#busySinceMs !== undefined && nowMs - this.#busySinceMs > stalledMs;
  }

  /** The next batch, once the last one is sent; undefined when it is over. */
  next(): Promise<Changes | undefined> {
    this.#busySinceMs = undefined;
    return new Promise((resolve) => {
      if (this.#ended) resolve(undefined);
      else this.#resolve = resolve;
    });
  }

  end(): void {
    this.#ended = true;
    this.#resolve?.(undefined);
  }
}
