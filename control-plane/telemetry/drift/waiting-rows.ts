import type { DriftSubject } from './drift-finding.js';
import { subjectKey } from './drift-store.js';
import type { WatchedRelease } from './watched-release.js';

/** Rows that no look has taken in yet. */
export interface Waiting {
  readonly subject: DriftSubject;
  readonly release: WatchedRelease;
  readonly sum: Float64Array;
  readonly sinceMs: number;
  /** All its windows have higher numbers. */
  readonly after: number;
}

/** Devices are looked at so often: feature counts come with every tenth window, and a look is written to disk. */
const deviceLookMs = 10 * 60_000;

/** What waits to be looked at, by release and subject. */
export class WaitingRows {
  readonly #byKey = new Map<string, Waiting>();

  get size(): number {
    return this.#byKey.size;
  }

  add(to: Omit<Waiting, 'sum'>, rows: Float64Array): void {
    const key = lookKey(to.release.manifest, to.subject);
    let known = this.#byKey.get(key);
    // A reference that was read again is another object of the same shape.
    if (known === undefined || known.sum.length !== rows.length) {
      known = { ...to, sum: new Float64Array(rows.length) };
      this.#byKey.set(key, known);
    }
    const { sum } = known;
    for (let bin = 0; bin < rows.length; bin++) sum[bin] = (sum[bin] ?? 0) + (rows[bin] ?? 0);
  }

  /** What is looked at now: releases and labels always, devices in their turn, and `early` more, the longest waiting first. */
  due(nowMs: number, early: number): readonly Waiting[] {
    let left = early;
    return [...this.#byKey.values()].filter(
      ({ subject, sinceMs }) => subject.level !== 'device' || nowMs - sinceMs >= deviceLookMs || left-- > 0,
    );
  }

  /** It was looked at, and that is stored. */
  done({ release, subject }: Waiting): void {
    this.#byKey.delete(lookKey(release.manifest, subject));
  }

  /** Every window up to this number waits no more; `newest` when nothing waits. */
  through(newest: number): number {
    let through = newest;
    for (const { after } of this.#byKey.values()) through = Math.min(through, after);
    return through;
  }
}

/** A release on a subject as one text. */
export function lookKey(manifest: string, subject: DriftSubject): string {
  return `${manifest} ${subjectKey(subject)}`;
}
