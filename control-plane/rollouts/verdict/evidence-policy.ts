import type { GatingCell } from '@bellwether/shared/evidence/counters';
import { type Static, Type } from '@bellwether/shared/schema';

const ratio = (minimum: number, maximum: number, standard: number) =>
  Type.Number({ minimum, maximum, default: standard });

/** How much evidence decides; part of a rollout's policy, fixed when the rollout is created. */
export const EvidencePolicy = Type.Object(
  {
    /** Chance that a rollout of an equally good release is taken back, over its whole life. */
    alpha: Type.Optional(ratio(1e-6, 0.2, 0.01)),
    /** Chance that a step passes a release that is as bad as the limits below. */
    beta: Type.Optional(ratio(1e-6, 0.2, 0.05)),
    /** A canary this many times as bad as stable is still let be. */
    toleratedRatio: Type.Optional(ratio(1, 5, 1.25)),
    /** Harm that touches a smaller part of the canary's calls than this, in percent, takes nothing back. */
    ignoreBelowPct: Type.Optional(ratio(0, 50, 0.05)),
    /** A step passes a canary with fewer bad calls than this, in percent, whatever stable does. */
    maxBadPct: Type.Optional(ratio(0.001, 50, 0.5)),
    /** A step passes a canary that is less than this many times as bad as stable: errors and the like, and slow calls. */
    maxRatio: Type.Optional(ratio(1.01, 10, 2)),
    maxSlowRatio: Type.Optional(ratio(1.01, 10, 1.5)),
    /** With more of a step’s devices than this, in percent, whose evidence cannot be used, nothing is judged but harm. */
    maxUnmeasuredPct: Type.Optional(ratio(0, 100, 20)),
    /** The label whose values each need their own evidence; `hardware` by default. */
    stratifyBy: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$' })),
  },
  { additionalProperties: false },
);
export type EvidencePolicy = Static<typeof EvidencePolicy>;

/** A verdict names each stratum, and each is judged by itself: so many at most. */
export const maxStrata = 64;

/** The policy with every default filled in; rates are 0 … 1. */
export const EvidenceLimits = Type.Object({
  alpha: Type.Number(),
  beta: Type.Number(),
  toleratedRatio: Type.Number(),
  ignoreBelow: Type.Number(),
  maxBad: Type.Number(),
  maxRatio: Type.Number(),
  maxSlowRatio: Type.Number(),
  maxUnmeasured: Type.Number(),
});
export type EvidenceLimits = Readonly<Static<typeof EvidenceLimits>>;

/** The numbers that a verdict is made with. */
export function limitsOf(policy: EvidencePolicy): EvidenceLimits {
  return {
    alpha: policy.alpha ?? 0.01,
    beta: policy.beta ?? 0.05,
    toleratedRatio: policy.toleratedRatio ?? 1.25,
    ignoreBelow: (policy.ignoreBelowPct ?? 0.05) / 100,
    maxBad: (policy.maxBadPct ?? 0.5) / 100,
    maxRatio: policy.maxRatio ?? 2,
    maxSlowRatio: policy.maxSlowRatio ?? 1.5,
    maxUnmeasured: (policy.maxUnmeasuredPct ?? 20) / 100,
  };
}

/**
 * The weight of each gating cell in the combined evidence; they add up to 1 and never change within a rollout. Errors
 * are what most bad releases make, and labels are dear; what a healthy release never does, as an answer that is not
 * finite, is plain after a few events at any weight; the four cells of slowness share one fault between them, and have so
 * many events that a quarter of the weight costs them a second.
 */
export const cellWeights: Readonly<Record<GatingCell, number>> = {
  error: 0.35,
  invalid: 0.1,
  slow50: 0.05,
  slow90: 0.1,
  slow95: 0.05,
  slow99: 0.05,
  death: 0.1,
  wrong: 0.2,
};
