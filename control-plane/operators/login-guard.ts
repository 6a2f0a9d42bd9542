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

interface Bucket {
  readonly left: number;
  readonly atMs: number;
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
  readonly #addresses = new RecentMap<Bucket>(maxEntries);

  /** Takes one try of the account and of the address, or says how long to wait. `nowMs` is monotonic. */
  take(
    login: { readonly name: string; readonly isKnown: boolean; readonly address: string },
    nowMs: number,
  ): LoginVerdict {
    const network = networkOf(login.address);
    const bucket = refilled(this.#addresses.get(network), nowMs);
    if (bucket.left < 1) return { kind: 'rate', waitMs: Math.ceil((1 - bucket.left) * addressRefillMs) };
    const accounts = login.isKnown ? this.#known : this.#unknown;
    const { failures, lockedUntilMs } = accounts.get(login.name) ?? { failures: 0, lockedUntilMs: 0 };
    this.#addresses.set(network, { ...bucket, left: bucket.left - 1 });
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

function refilled(bucket: Bucket | undefined, nowMs: number): Bucket {
  if (bucket === undefined) return { left: addressBurst, atMs: nowMs };
  const left = Math.min(addressBurst, bucket.left + (nowMs - bucket.atMs) / addressRefillMs);
  return { left, atMs: nowMs };
}

/** An IPv6 subscriber has a /64 at least: all of it is one address here. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  if (/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address)) return address.slice(7);
  const [head = '', tail] = address.toLowerCase().split('::', 2);
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}

/** A map that forgets what was not used for longest. */
class RecentMap<Value> {
  readonly #values = new Map<string, Value>();
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    const [oldest] = this.#values.size > this.#maxEntries ? this.#values.keys() : [];
    if (oldest !== undefined) this.#values.delete(oldest);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
