/**
 * What can be left out, in this order: counting watched inputs, asking a canary in the shadow, counting the
 * features that a model gives, and keeping single calls. What an application asked for is not among it.
 */
export const shedOrder = ['inputs', 'shadow', 'features', 'trace'] as const;
export type Shed = (typeof shedOrder)[number];

/** How often the agent looks at its own processor time. */
export const lookMs = 5000;
/** A change is judged by the mean of so many looks that came after it: half a minute. */
const looksPerMean = 6;
/** What was left out comes back below this part of the ceiling: it needs room itself. */
const easyShare = 0.7;
/** How long it must have been away before it comes back; doubled each time that it had to go again soon after. */
const calmMs = { least: 120_000, most: 3_600_000 } as const;

/** What is left out, and what it was decided by. */
export interface Governing {
  /** So many steps of those that there are, from the first on. */
  readonly shed: number;
  /** Percent of one core, since the last change, newest last. */
  readonly looks: readonly number[];
  /** Of the last half minute at most, or since the last change; null before the first look. */
  readonly meanPct: number | null;
  /** Monotonic milliseconds. */
  readonly changedAtMs: number;
  readonly restoredAtMs: number;
  readonly calmMs: number;
}

/** Percent of one core, and how many steps there are to leave out. */
export interface GovernorRules {
  readonly ceilingPct: number;
  readonly steps: number;
}

/** As an agent starts: nothing is left out. */
export const ungoverned: Governing = {
  shed: 0,
  looks: [],
  meanPct: null,
  changedAtMs: Number.NEGATIVE_INFINITY,
  restoredAtMs: Number.NEGATIVE_INFINITY,
  calmMs: calmMs.least,
};

/**
 * One more look at what the agent took for itself. One step at a time: above the ceiling the next one is left out, well
 * below it the last one comes back. With a load that does not change both happen ever more seldom.
 */
export function govern(
  before: Governing,
  ownPct: number,
  nowMs: number,
  { ceilingPct, steps }: GovernorRules,
): Governing {
  const looks = [...before.looks, ownPct].slice(-looksPerMean);
  const mean = looks.reduce((sum, pct) => sum + pct, 0) / looks.length;
  const seen = { ...before, looks, meanPct: mean };
  if (looks.length < looksPerMean) return seen;
  if (mean > ceilingPct && before.shed < steps) {
    const isSoon = nowMs - before.restoredAtMs < before.calmMs;
    const next = isSoon ? Math.min(calmMs.most, before.calmMs * 2) : calmMs.least;
    return { ...seen, shed: before.shed + 1, looks: [], changedAtMs: nowMs, calmMs: next };
  }
  if (mean < ceilingPct * easyShare && before.shed > 0 && nowMs - before.changedAtMs >= before.calmMs) {
    return { ...seen, shed: before.shed - 1, looks: [], changedAtMs: nowMs, restoredAtMs: nowMs };
  }
  return seen;
}
