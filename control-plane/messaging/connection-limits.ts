import { networkOf } from '../limits/network-of.js';
import { RateBuckets } from '../limits/rate-buckets.js';
import { isLoopback } from './loopback.js';

/** Connections that have not logged in yet: more than a fleet's reconnects after an outage need, and few enough for memory. */
const maxWaiting = 1000;
/** New connections of one address: a site behind one router may come back at once, and then goes on steadily. */
const arrivals = { burst: 1000, refillMs: 20 };

/** Why a connection is closed at once. */
export type ConnectionRefusal = 'too-fast';

/** What becomes of a new connection, and of another one for its sake. */
export interface Admission<Connection> {
  /** Undefined when it may stay; it counts as waiting until `settled` is told. */
  readonly refusal?: ConnectionRefusal;
  /** Has waited longest, and must go: it is told as settled already. */
  readonly evicted?: Connection;
}

/**
 * Keeps strangers from using the broker up: a cap on connections that have not logged in, and a rate for each address.
 * Loopback has no rate: behind a proxy everybody comes from there, and the proxy knows better. Beyond the cap it is the
 * connection that has waited longest which goes: whoever means to log in does so at once, and sockets that somebody
 * only holds open keep nobody out.
 */
export class ConnectionLimits<Connection extends object> {
  readonly #waiting = new Set<Connection>();
  readonly #arrivals = new RateBuckets(arrivals);

  /** Times are monotonic. */
  admit(connection: Connection, address: string, nowMs: number): Admission<Connection> {
    if (!isLoopback(address) && this.#arrivals.take(networkOf(address), nowMs) > 0) return { refusal: 'too-fast' };
    const [evicted] = this.#waiting.size >= maxWaiting ? this.#waiting : [];
    if (evicted !== undefined) this.#waiting.delete(evicted);
    this.#waiting.add(connection);
    return evicted === undefined ? {} : { evicted };
  }

  /** It has logged in, or is gone. May be told twice. */
  settled(connection: Connection): void {
    this.#waiting.delete(connection);
  }
}
