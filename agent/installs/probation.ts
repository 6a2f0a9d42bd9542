/** How long a new release is watched before it counts as settled. */
export interface ProbationLimits {
  readonly minutes: number;
  readonly calls: number;
  readonly maxHours: number;
}

/** What the release has behind it in this probation. */
export interface ProbationProgress {
  readonly servedMs: number;
  readonly calls: number;
}

/** Of a probation that begins. */
export const noProbation: ProbationProgress = { servedMs: 0, calls: 0 };

/** True when the time and the calls are over, whichever is later, and at the latest after `maxHours`: a model nobody calls must settle too. */
export function isProbationOver(progress: ProbationProgress, limits: ProbationLimits): boolean {
  if (progress.servedMs >= limits.maxHours * 3_600_000) return true;
  return progress.servedMs >= limits.minutes * 60_000 && progress.calls >= limits.calls;
}

/** In how many milliseconds time alone may end it: the next moment worth a look, beside the call that completes the calls. */
export function probationLookMs(progress: ProbationProgress, limits: ProbationLimits): number {
  const lastMs = limits.maxHours * 3_600_000 - progress.servedMs;
  const restMs = limits.minutes * 60_000 - progress.servedMs;
  return Math.max(0, restMs > 0 ? Math.min(restMs, lastMs) : lastMs);
}
