import { slowQuantiles } from '@bellwether/shared/evidence/counters';
import { logNonInferior } from '@bellwether/shared/evidence/e-value';
import type { RolloutStep } from './policy.js';
import type { EvidenceLimits } from './verdict/evidence-policy.js';
import { cleanCallsToPass } from './verdict/promotion.js';

/**
 * Canary calls that a stratum needs to pass a step, when the canary is as good as stable and never errs: what the slowest
 * cell needs. Slow calls, which are there by their very definition, are compared with stable's; the logarithms are linear in
 * the counts, so one call says what each brings.
 */
export function neededCalls({ mode, share, minCalls = 0 }: RolloutStep, limits: EvidenceLimits): number {
  const clean = cleanCallsToPass(limits);
  // Shadow and full compare no time.
  if (mode !== 'split') return Math.max(minCalls, clean);
  const part = share / 100;
  const slow = Object.values(slowQuantiles).map((quantile) => {
    const rate = 1 - quantile;
    const each = logNonInferior({ share: part, canary: rate, total: rate / part }, limits.maxSlowRatio);
    return Math.ceil(Math.log(2 / limits.beta) / each);
  });
  return Math.max(minCalls, clean, ...slow);
}

/** Canary calls a second of a stratum's devices in a step, at the rate of all calls that they answer now. */
export function canaryRate({ mode, share }: RolloutStep, callsPerSecond: number): number {
  return mode === 'full' ? callsPerSecond : (callsPerSecond * share) / 100;
}
