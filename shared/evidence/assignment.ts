import { SipHash } from './sip-hash.js';

/** A share in hundredths of a percent: 0 … 10,000. */
export const wholeShare = 10_000;

/**
 * Draws the arm of each request of one device under one rollout: stable, keyed by the rollout's salt, and decided
 * before the input is looked at. The same `assignmentKey` always gives the same arm at the same share, and only moves to
 * the canary as the share grows. Half a microsecond by number.
 */
export class ArmDraw {
  readonly #numbered: SipHash;
  readonly #keyed: SipHash;
  readonly #digits = new Uint8Array(20);

  /** `salt`: 32 hex digits from the order; `runId`: of this start of the agent. */
  constructor({ salt, device, runId }: { readonly salt: string; readonly device: string; readonly runId: string }) {
    this.#numbered = new SipHash(salt, Buffer.from(`n${device} ${runId} `));
    this.#keyed = new SipHash(salt, Buffer.from('k'));
  }

  /** True when this request is the canary's; `share` in hundredths of a percent. */
  isCanary(share: number, request: { readonly number: number } | { readonly assignmentKey: string }): boolean {
    const place =
      'number' in request
        ? this.#numbered.unit(this.#digits, writeDecimal(this.#digits, request.number))
        : this.#keyed.unit(Buffer.from(request.assignmentKey));
    return place * wholeShare < share;
  }
}

/** Writes a whole number from the start, as text; answers its length. A text of its own for each request would cost as much as the hash. */
function writeDecimal(into: Uint8Array, number: number): number {
  let length = 1;
  for (let rest = number; rest >= 10; rest = Math.floor(rest / 10)) length++;
  let rest = number;
  for (let i = length - 1; i >= 0; i--) {
    into[i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return length;
}

/**
 * Where a device stands in a rollout's cohorts: a number in [0, 1) that stays. A cohort of p percent is everybody below
 * p/100, so cohorts only grow. Another key than the arms' draws: who is exposed says nothing about which calls are [A-8].
 */
export function cohortPosition(cohortKey: string, device: string): number {
  return new SipHash(cohortKey).unit(Buffer.from(device));
}
