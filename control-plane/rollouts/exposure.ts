import { type GatingCell, slowQuantiles } from '@bellwether/shared/evidence/counters';
import { logBelow, logNonInferior } from '@bellwether/shared/evidence/e-value';
import type { RolloutStep } from './policy.js';
import type { EvidenceLimits } from './verdict/evidence-policy.js';

/** How often each cell is bad while nothing is wrong: errors never, slow calls by their very definition. */
const healthyRates: Partial<Readonly<Record<GatingCell, number>>> = {
  error: 0,
  slow50: 1 - slowQuantiles.slow50,
  slow90: 1 - slowQuantiles.slow90,
  slow95: 1 - slowQuantiles.slow95,
  slow99: 1 - slowQuantiles.slow99,
};

/**
 * Canary calls that a stratum needs to pass a step, when the canary is as good as stable: what the slowest cell needs, by
 * the quicker of its two ways to pass. The logarithms are linear in the counts, so one call says it. 0 of `full`.
 */
export function neededCalls({ mode, share, minCalls = 0 }: RolloutStep, limits: EvidenceLimits): number {
  if (mode === 'full') return 0;
  const needed = -Math.log(limits.beta);
  const part = mode === 'shadow' ? 0.5 : share / 100;
  const calls = Object.entries(healthyRates).map(([cell, rate]) => {
    // Shadow compares errors and labels only.
    if (mode === 'shadow' && cell !== 'error') return 0;
    const limit = cell === 'error' ? limits.maxRatio : limits.maxSlowRatio;
    const relative = logNonInferior({ share: part, canary: rate, total: rate / part }, limit);
    return Math.ceil(needed / Math.max(relative, logBelow(rate, 1, limits.maxBad)));
  });
  return Math.max(minCalls, ...calls);
}

/** Canary calls a second of a stratum's devices in a step, at the rate of all calls that they answer now. */
export function canaryRate({ mode, share }: RolloutStep, callsPerSecond: number): number {
  return mode === 'full' ? callsPerSecond : (callsPerSecond * share) / 100;
}
