import type { Clock } from '@bellwether/shared/clock';
import type { FleetTopic } from '@bellwether/shared/contract/topics';
import { type Changes, LiveWatcher } from './live-watcher.js';
import type { TimelineEvent } from './operator-api.js';

/** At most two batches a second. */
const batchMs = 500;

/** Collects what changes and hands it to the watchers at most twice a second; what fleet topics tell of goes to those too. */
export class LiveFeed {
  readonly #clock: Clock;
  readonly #changed: (what: FleetTopic, id?: string) => void;
  readonly #watchers = new Set<LiveWatcher>();
  #cancelBatch: (() => void) | undefined;

  /** `changed` is called at once, watched or not. */
  constructor(clock: Clock, changed: (what: FleetTopic, id?: string) => void = () => {}) {
    this.#clock = clock;
    this.#changed = changed;
  }

  deviceChanged(id: string): void {
    this.#note(({ devices }) => devices.add(id));
  }

  rolloutChanged(id: string): void {
    this.#changed('rollouts', id);
    this.#note(({ rollouts }) => rollouts.add(id));
  }

  releasesChanged(): void {
    this.#changed('releases');
    this.#note((changes) => {
      changes.releases = true;
    });
  }

  eventHappened(event: TimelineEvent): void {
    this.#note(({ events }) => events.push(event));
  }

  /** Adds a watcher until the signal aborts; `drop` is called when it does not keep up, or the feed stops. */
  watch(signal: AbortSignal, drop: () => void): LiveWatcher {
    const watcher = new LiveWatcher(drop);
    this.#watchers.add(watcher);
    signal.addEventListener('abort', () => {
      this.#watchers.delete(watcher);
      watcher.end();
    });
    return watcher;
  }

  /** Ends every watcher. */
  stop(): void {
    this.#cancelBatch?.();
    for (const watcher of this.#watchers) watcher.drop();
  }

  #note(change: (changes: Changes) => void): void {
    if (this.#watchers.size === 0) return;
    for (const watcher of this.#watchers) watcher.note(change);
    this.#cancelBatch ??= this.#clock.after(batchMs, () => this.#batch());
  }

  #batch(): void {
    this.#cancelBatch = undefined;
    const nowMs = this.#clock.now().monotonicMs;
    for (const watcher of this.#watchers) {
      if (watcher.isStalled(nowMs)) watcher.drop();
      else watcher.wake(nowMs);
    }
  }
}
