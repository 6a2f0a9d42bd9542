/** What a call may take beyond a limit before it is slow: two processes with the same model are not alike (m). */
export interface Tolerance {
  readonly ratio: number;
  readonly micros: number;
}

/** Of two arms that run about equally often, and of stable beside a canary: it shares caches and cores, and is a little slower without being disturbed. */
export const fineTolerance: Tolerance = { ratio: 1.2, micros: 200 };

/** The limit and what is tolerated beyond it, microseconds. */
export function beyond(micros: number, { ratio, micros: more }: Tolerance): number {
  return Math.floor(Math.max(ratio * micros, micros + more));
}

/** Above which a stable call is slow, microseconds, where `quantile` is the device's own before. */
export function stableLimit(quantile: number): number {
  return beyond(quantile, fineTolerance);
}
