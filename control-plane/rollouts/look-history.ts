/** One look at a rollout's evidence. */
export interface LookPoint {
  readonly atMs: number;
  /** Index of the step. */
  readonly step: number;
  /** Natural logarithm of the evidence of harm. */
  readonly logHarm: number;
}

/** Points that are kept of a rollout. */
export const historyPoints = 480;

/** A history and one look more. `isThinned`: others have gone, too. */
export function withPoint(
  points: readonly LookPoint[],
  point: LookPoint,
): { readonly points: readonly LookPoint[]; readonly isThinned: boolean } {
  const all = [...points, point];
  return all.length <= historyPoints ? { points: all, isThinned: false } : { points: thinned(all), isThinned: true };
}

/**
 * Half as many, and the newest: of each stretch of time, all equally long, the look with the most evidence of harm. What a chart
 * must not lose is how near it came.
 */
function thinned(points: readonly LookPoint[]): readonly LookPoint[] {
  const newest = points.at(-1);
  const fromMs = points[0]?.atMs ?? 0;
  const eachMs = Math.max(1, ((newest?.atMs ?? 0) - fromMs) / (historyPoints / 2));
  const highest = new Map<number, LookPoint>();
  for (const point of points) {
    const stretch = Math.floor((point.atMs - fromMs) / eachMs);
    const known = highest.get(stretch);
    if (known === undefined || point === newest || point.logHarm > known.logHarm) highest.set(stretch, point);
  }
  return [...highest.values()];
}
