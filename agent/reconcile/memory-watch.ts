import type { Clock } from '@bellwether/shared/clock';
import { formatReleaseId } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import { memoryBackoff } from './backoff.js';
import type { LiveModels, LiveTrial } from './live-models.js';
import { afterLook } from './memory-pressure.js';
import type { Retries } from './retries.js';

const lookEveryMs = 1000;

export interface MemoryWatchParts {
  readonly live: Pick<LiveModels, 'trialsBeside'>;
  readonly retries: Retries;
  /** Of the whole device, bytes. */
  readonly availableMemory: () => number;
  readonly floorBytes: number;
  /** Plan again. */
  readonly wake: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Looks at the device's memory while a canary runs beside stable, and takes the largest one back when it gets low: one at a time, since that may be enough. */
export class MemoryWatch {
  readonly #parts: MemoryWatchParts;
  #cancel: (() => void) | undefined;
  #lowLooks = 0;

  constructor(parts: MemoryWatchParts) {
    this.#parts = parts;
  }

  /** A canary may have come, or gone. */
  passed(): void {
    const { live, floorBytes, clock } = this.#parts;
    if (floorBytes === 0 || live.trialsBeside().length === 0) {
      this.stop();
      return;
    }
    this.#cancel ??= clock.after(lookEveryMs, () => this.#look());
  }

  /** Looks no more until it is told to. May be called twice. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#lowLooks = 0;
  }

  #look(): void {
    this.#cancel = undefined;
    const { live, availableMemory, floorBytes } = this.#parts;
    const answer = afterLook({ availableBytes: availableMemory(), floorBytes, lowLooks: this.#lowLooks });
    this.#lowLooks = answer.lowLooks;
    const largest = live.trialsBeside().toSorted((a, b) => memoryOf(b) - memoryOf(a))[0];
    if (answer.why !== undefined && largest !== undefined) this.#takeBack(largest, answer.why);
    this.passed();
  }

  /** It waits as one that found no room: until another order, or for a time that grows while it keeps happening. */
  #takeBack({ release }: LiveTrial, why: string): void {
    const { retries, wake, log } = this.#parts;
    log.warn({ release: formatReleaseId(release), why }, 'memory is low: the canary goes first');
    retries.failed(release, 'memory-low', memoryBackoff, why);
    wake();
  }
}

function memoryOf({ runner }: LiveTrial): number {
  return runner.usage().rssBytes;
}
