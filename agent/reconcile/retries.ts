import type { Clock } from '@bellwether/shared/clock';
import { formatReleaseId } from '@bellwether/shared/ids';
import type { ReleaseRef } from '../installs/install-record.js';
import { type Backoff, backoffMs } from './backoff.js';

interface Wait {
  readonly attempts: number;
  readonly untilMs: number;
  readonly code: string;
  readonly why: string | undefined;
}

/** Codes whose cause is gone once the network is back. */
const networkCodes: ReadonlySet<string> = new Set(['network', 'metadata-stale', 'metadata-refused', 'not-listed']);

/** When what failed may be tried again. Kept in memory: a restart of the agent is a good reason to try. */
export class Retries {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #waits = new Map<string, Wait>();

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Milliseconds from `nowMs` (monotonic) until the release may be tried; 0: now. */
  waitMs(release: ReleaseRef, nowMs: number): number {
    const wait = this.#waits.get(keyOf(release));
    return wait === undefined ? 0 : Math.max(0, wait.untilMs - nowMs);
  }

  /** The code that it failed with last, since there was reason to forget; null when there is none. */
  codeOf(release: ReleaseRef): string | null {
    return this.#waits.get(keyOf(release))?.code ?? null;
  }

  /** What was said when it failed last, where that is on no record; null otherwise. */
  whyOf(release: ReleaseRef): string | null {
    return this.#waits.get(keyOf(release))?.why ?? null;
  }

  /** It failed once more with this code; the delay grows. `why`: in words, where no record on disk has them. */
  failed(release: ReleaseRef, code: string, backoff: Backoff, why?: string): void {
    const attempts = (this.#waits.get(keyOf(release))?.attempts ?? 0) + 1;
    const untilMs = this.#clock.now().monotonicMs + backoffMs(backoff, attempts, this.#random());
    this.#waits.set(keyOf(release), { attempts, untilMs, code, why });
  }

  clear(release: ReleaseRef): void {
    this.#waits.delete(keyOf(release));
  }

  /** It has come up. Where the device's memory was too low for it once, the next time is not the first: the delay goes on growing. */
  succeeded(release: ReleaseRef): void {
    if (this.codeOf(release) !== 'memory-low') this.clear(release);
  }

  /** A new order: everything may be tried at once. */
  clearAll(): void {
    this.#waits.clear();
  }

  /** The network is back: what waited for it may be tried at once. */
  clearNetwork(): void {
    for (const [key, { code }] of this.#waits) if (networkCodes.has(code)) this.#waits.delete(key);
  }
}

function keyOf(release: ReleaseRef): string {
  return `${formatReleaseId(release)}/${release.manifest}`;
}
