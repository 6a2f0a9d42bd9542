import { networkOf } from '../limits/network-of.js';
import { RateBuckets } from '../limits/rate-buckets.js';
import { RateError } from '../limits/rate-error.js';
import { isLoopback } from '../messaging/loopback.js';

/** Requests of one address: a site behind one router may come back at once, and then goes on steadily. */
const arrivals = { burst: 2000, refillMs: 10 };
/** Refusals that one address is told: wrong tokens and wrong proofs. */
const failures = { burst: 20, refillMs: 3000 };
/** Enrolments by one join token: the most uses that it can have, and then a repeated one now and then. */
const enrolments = { burst: 200, refillMs: 100 };
/** Sessions of one device. It needs two in ten minutes, and some more when its network comes and goes. */
const sessions = { burst: 30, refillMs: 5000 };
/** Other keys that one device may ask for, each of which is a row of the audit log; one that asks again counts too. */
const keyRequests = { burst: 10, refillMs: 60_000 };

/**
 * Slows down whoever is not let in, on the routes that devices use before they are known. What has the right proof passes
 * by the failures of others: a whole site, or everybody behind a proxy, may share the address of somebody who guesses. That
 * costs no safety, a join token is 192 random bits and a proof is a signature; it keeps the load and the audit log small.
 * Throws RateError `device-rate`, which is 429 with Retry-After: for an agent the network is bad, and it comes again with its back-off. Times are monotonic.
 */
export class DeviceRates {
  readonly #arrivals = new RateBuckets(arrivals);
  readonly #failures = new RateBuckets(failures);
  readonly #enrolments = new RateBuckets(enrolments);
  readonly #sessions = new RateBuckets(sessions);
  readonly #keyRequests = new RateBuckets(keyRequests);

  /** A request, before anything of it is looked at. Loopback has no rate: behind a proxy everybody comes from there. */
  arrived(address: string, nowMs: number): void {
    if (!isLoopback(address)) refuse(this.#arrivals.take(networkOf(address), nowMs), `requests from ${address}`);
  }

  /** Something that this address showed was wrong: it may hear so, or it asks too often. */
  failed(address: string, nowMs: number): void {
    refuse(this.#failures.take(networkOf(address), nowMs), `failed attempts from ${address}`);
  }

  /** An enrolment by a join token that exists. */
  enrols(tokenId: string, nowMs: number): void {
    refuse(this.#enrolments.take(tokenId, nowMs), `enrolments by the join token ${tokenId}`);
  }

  /** A session of a device that has proved to be it. */
  opensSession(device: string, nowMs: number): void {
    refuse(this.#sessions.take(device, nowMs), `sessions of ${device}`);
  }

  /** A request for another key, of a device that has proved to be it. */
  asksForKey(device: string, nowMs: number): void {
    refuse(this.#keyRequests.take(device, nowMs), `requests for another key by ${device}`);
  }
}

function refuse(waitMs: number, what: string): void {
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1000);
  throw new RateError('device-rate', `too many ${what}; wait ${seconds} s`, seconds);
}
