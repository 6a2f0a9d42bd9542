import { networkOf } from '../limits/network-of.js';
import { RateBuckets } from '../limits/rate-buckets.js';
import { RecentMap } from '../limits/recent-map.js';

/** Failures in a row before an account is locked for a while. */
export const freeFailures = 5;
const firstLockMs = 30_000;
const maxLockMs = 15 * 60_000;
/** Logins that one address may try at once, and how fast it gets new ones. */
export const addressBurst = 20;
const addressRefillMs = 3000;
const maxEntries = 10_000;

interface Account {
  readonly failures: number;
  readonly lockedUntilMs: number;
}

/** What the guard says to a login. */
export type LoginVerdict = { readonly kind: 'try' } | { readonly kind: 'locked' | 'rate'; readonly waitMs: number };

/**
 * Slows guessing down: an account is locked for 30 s after five failures in a row, then twice as long each time up to
 * a quarter of an hour; an address has 20 tries, and one more every 3 s. An attempt counts as failed until it succeeds,
 * so that many at once are no way around. Names that nobody has are kept apart, and behave the same: whoever makes
 * names up pushes no real account out of the bounded memory, and learns nothing from the answers.
 */
export class LoginGuard {
  readonly #known = new RecentMap<Account>(maxEntries);
  readonly #unknown = new RecentMap<Account>(maxEntries);
  readonly #addresses = new RateBuckets({ burst: addressBurst, refillMs: addressRefillMs });

  /** Takes one try of the account and of the address, or says how long to wait. `nowMs` is monotonic. */
  take(
    login: { readonly name: string; readonly isKnown: boolean; readonly address: string },
    nowMs: number,
  ): LoginVerdict {
    const waitMs = this.#addresses.take(networkOf(login.address), nowMs);
    if (waitMs > 0) return { kind: 'rate', waitMs };
    const accounts = login.isKnown ? this.#known : this.#unknown;
    const { failures, lockedUntilMs } = accounts.get(login.name) ?? { failures: 0, lockedUntilMs: 0 };
    if (failures > 0 && lockedUntilMs > nowMs) return { kind: 'locked', waitMs: Math.ceil(lockedUntilMs - nowMs) };
    const next = failures + 1;
    const lockMs = next < freeFailures ? 0 : Math.min(maxLockMs, firstLockMs * 2 ** (next - freeFailures));
    accounts.set(login.name, { failures: next, lockedUntilMs: nowMs + lockMs });
    return { kind: 'try' };
  }

  /** The account's owner is back. */
  succeeded(name: string): void {
    this.#known.delete(name);
  }
}
