import { PacedRates } from '../limits/paced-rates.js';
import { RecentMap } from '../limits/recent-map.js';

/** Seconds of the steady rate that may come at once: what waited on a device while the network was away. */
const burstSeconds = 20;
/** A message that would wait longer is not taken: the connection ends, and the device sends it again. */
const maxWaitMs = 30_000;
/** Bytes that one message of the rate stands for: a large window is several. */
const bytesPerMessage = 8192;
/** A device that kept to the rate for so long is slowed no more; what comes then is news again. */
const calmMs = 60_000;
const maxSpells = 10_000;

/** A time in which a device sends too fast. */
export interface SlowedSpell {
  /** Wall time of its begin. */
  readonly sinceMs: number;
  /** Messages that had to wait. */
  readonly messages: number;
}

interface Spell extends SlowedSpell {
  readonly lastMs: number;
}

/** What becomes of a message: it waits so long; or it is not taken. `isNews`: with it a spell begins. */
export type Pace = { readonly waitMs: number; readonly isNews: boolean } | 'too-fast';

/** Holds each device to a rate, so that one that floods is slowed down and nobody else notices. */
export class DevicePace {
  readonly #rates: PacedRates;
  readonly #spells = new RecentMap<Spell>(maxSpells);

  constructor(messagesPerSecond: number) {
    const refillMs = 1000 / messagesPerSecond;
    this.#rates = new PacedRates({ burst: messagesPerSecond * burstSeconds, refillMs }, maxWaitMs);
  }

  take(device: string, bytes: number, { wallMs, monotonicMs }: { wallMs: number; monotonicMs: number }): Pace {
    const waitMs = this.#rates.take(device, Math.max(1, bytes / bytesPerMessage), monotonicMs);
    if (waitMs === 0) return { waitMs, isNews: false };
    const known = this.#spellOf(device, monotonicMs);
    const { sinceMs = Math.floor(wallMs), messages = 0 } = known ?? {};
    this.#spells.set(device, { sinceMs, messages: messages + 1, lastMs: monotonicMs });
    return waitMs === undefined ? 'too-fast' : { waitMs, isNews: known === undefined };
  }

  /** The spell that a device is in; null: it keeps to the rate. `nowMs` is monotonic. */
  of(device: string, nowMs: number): SlowedSpell | null {
    const spell = this.#spellOf(device, nowMs);
    return spell === undefined ? null : { sinceMs: spell.sinceMs, messages: spell.messages };
  }

  #spellOf(device: string, nowMs: number): Spell | undefined {
    const spell = this.#spells.get(device);
    return spell !== undefined && nowMs - spell.lastMs < calmMs ? spell : undefined;
  }
}
