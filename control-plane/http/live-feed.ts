import type { Clock } from '@bellwether/shared/clock';
import type { FleetTopic } from '@bellwether/shared/contract/topics';
import type { TimelineEvent } from '../timeline/timeline-api.js';
import { type Changes, LiveWatcher, maxEvents } from './live-watcher.js';

/** At most two batches a second. */
const batchMs = 500;

/** Where the timeline's new rows are read. */
export interface News {
  /** The id of the newest row. */
  newest(): number;
  /** The newest rows after this one, in the order of storing. */
  since(id: number, limit: number): readonly TimelineEvent[];
}

/** Collects what changes and hands it to the watchers at most twice a second; what fleet topics tell of goes to those too. */
export class LiveFeed {
  readonly #clock: Clock;
  readonly #news: News;
  readonly #changed: (what: FleetTopic, id?: string) => void;
  readonly #watchers = new Set<LiveWatcher>();
  /** The timeline's newest row that watchers have. */
  #told = 0;
  #cancelBatch: (() => void) | undefined;

  /** `changed` is called at once, watched or not. */
  constructor(clock: Clock, news: News, changed: (what: FleetTopic, id?: string) => void = () => {}) {
    this.#clock = clock;
    this.#news = news;
    this.#changed = changed;
  }

  deviceChanged(id: string): void {
    this.#note(({ devices }) => devices.add(id));
  }

  rolloutChanged(id: string): void {
    this.#changed('rollouts', id);
    this.#note(({ rollouts }) => rollouts.add(id));
  }

  alertChanged(id: string): void {
    this.#changed('alerts', id);
    this.#note(({ alerts }) => alerts.add(id));
  }

  releasesChanged(): void {
    this.#changed('releases');
    this.#note((changes) => {
      changes.releases = true;
    });
  }

  /** There may be more rows in the timeline. What is told of it is read when it is told: only what is committed. */
  eventsHappened(): void {
    this.#note(() => {});
  }

  /** Adds a watcher until the signal aborts; `drop` is called when it does not keep up, or the feed stops. */
  watch(signal: AbortSignal, drop: () => void): LiveWatcher {
    if (this.#watchers.size === 0) this.#told = this.#news.newest();
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
    this.#schedule();
  }

  #schedule(): void {
    this.#cancelBatch ??= this.#clock.after(batchMs, () => this.#batch());
  }

  #batch(): void {
    this.#cancelBatch = undefined;
    const events = this.#news.since(this.#told, maxEvents);
    this.#told = events.at(-1)?.id ?? this.#told;
    const nowMs = this.#clock.now().monotonicMs;
    for (const watcher of this.#watchers) {
      if (events.length > 0) watcher.note((changes) => changes.events.push(...events));
      if (watcher.isStalled(nowMs)) watcher.drop();
      else watcher.wake(nowMs);
      if (this.#watchers.has(watcher) && watcher.isBehind) this.#schedule();
    }
  }
}
