import { SipHash } from './sip-hash.js';

/** A share in hundredths of a percent: 0 … 10,000. */
export const wholeShare = 10_000;

/**
 * Draws the arm of each request of one device under one rollout: stable, keyed by the rollout's salt, and decided
 * before the input is looked at. The same `assignmentKey` always gives the same arm at the same share, and only moves to
 * the canary as the share grows. Around a microsecond.
 */
export class ArmDraw {
  readonly #hash: SipHash;
  readonly #unkeyed: string;

  /** `salt`: 32 hex digits from the order; `runId`: of this start of the agent. */
  constructor({ salt, device, runId }: { readonly salt: string; readonly device: string; readonly runId: string }) {
    this.#hash = new SipHash(salt);
    this.#unkeyed = `${device} ${runId} `;
  }

  /** True when this request is the canary's; `share` in hundredths of a percent. */
  isCanary(share: number, request: { readonly number: number } | { readonly assignmentKey: string }): boolean {
    const text = 'number' in request ? `n${this.#unkeyed}${request.number}` : `k${request.assignmentKey}`;
    return this.#hash.unit(Buffer.from(text)) * wholeShare < share;
  }
}

/**
 * Where a device stands in a rollout's cohorts: a number in [0, 1) that stays. A cohort of p percent is everybody below
 * p/100, so cohorts only grow. Another key than the arms' draws: who is exposed says nothing about which calls are [A-8].
 */
export function cohortPosition(cohortKey: string, device: string): number {
  return new SipHash(cohortKey).unit(Buffer.from(device));
}
