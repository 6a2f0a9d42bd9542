/**
 * What a verdict is made of: integers that add up in any order. Everything is kept by arm, and by the segment in which
 * the request was drawn [W-4].
 */

/** The cells that can fail a rollout; each is a way in which a call can be bad. */
export const gatingCells = ['error', 'invalid', 'slow50', 'slow90', 'slow95', 'slow99', 'death', 'wrong'] as const;
export type GatingCell = (typeof gatingCells)[number];

/** Cells of slow calls, with the quantile of the stable arm that they are taken at. */
export const slowQuantiles = { slow50: 0.5, slow90: 0.9, slow95: 0.95, slow99: 0.99 } as const;

/** The cells of slow calls. */
export type SlowCell = keyof typeof slowQuantiles;

/** True for a cell of slow calls. */
export function isSlow(cell: GatingCell): cell is SlowCell {
  return Object.hasOwn(slowQuantiles, cell);
}

/** Between these shares both arms run about equally often, and their times can be compared closely [docs/decisions/0013]. */
export const evenShares = { from: 0.25, to: 0.75 } as const;

/** The cells of slow calls that are measured where the canary has this part of the calls, 0 … 1; none where stable is the arm that runs seldom. */
export function slowCellsAt(share: number): readonly SlowCell[] {
  if (share > evenShares.to) return [];
  // The last calls of a hundred say more about who else was running.
  return share < evenShares.from ? ['slow50', 'slow90'] : ['slow50', 'slow90', 'slow95', 'slow99'];
}

/** The part of a minute of wall time in which every device cuts its segments, so that those of a fleet lie side by side. */
export const segmentMs = 5 * 60_000;

/**
 * The largest count of anything on the wire and in a sum: more than a device does in years. Sums end here, so that two large
 * numbers never make one that no reader takes, and those of a fleet stay below 2^53.
 */
export const maxCount = 2 ** 40;

/** A number for each arm. In a shadow segment: what only this arm did, of the calls that both ran. */
export interface ArmCount {
  readonly stable: number;
  readonly canary: number;
}

/** The counters of one device in one segment. */
export interface SegmentCounters {
  /** Which stretch of wall time since the rollout began, in units of `segmentMs`, from 0. */
  readonly epoch: number;
  readonly mode: 'shadow' | 'split';
  /** Probability that a request was drawn for the canary: 0 … 1, both excluded. Of shadow: the sampled part. */
  readonly share: number;
  /** Calls that were drawn and had an outcome. Of shadow: pairs, the same number twice. */
  readonly calls: ArmCount;
  /** Milliseconds in which the arm's runner was there: what deaths are counted against. */
  readonly runnerMs: ArmCount;
  /** Answers whose label is known. */
  readonly labelled: ArmCount;
  /** Bad calls by cell; a cell that is not measured here is absent. */
  readonly cells: Readonly<Partial<Record<GatingCell, ArmCount>>>;
  /** Of shadow: calls that were bad in both arms. */
  readonly both: Readonly<Partial<Record<GatingCell, number>>>;
}

/** Both added up; ends at `maxCount`, in whatever order they came. */
export function addCounts(a: number, b: number): number {
  return Math.min(maxCount, a + b);
}

/** Both added up. */
export function addArms(a: ArmCount, b: ArmCount): ArmCount {
  return { stable: addCounts(a.stable, b.stable), canary: addCounts(a.canary, b.canary) };
}

/** Nothing in either arm. */
export const noCount: ArmCount = { stable: 0, canary: 0 };

/** What a cell's bad calls are counted among: calls, labelled answers for `wrong`. */
export function trialsOf(counters: Pick<SegmentCounters, 'calls' | 'labelled'>, cell: GatingCell): ArmCount {
  return cell === 'wrong' ? counters.labelled : counters.calls;
}

/** What a pair of shadow calls can say: only what one of the two did with the same request; nothing about time. */
const shadowCells: readonly GatingCell[] = ['error', 'invalid', 'wrong'];

/** The bad calls of a cell; undefined where it is not measured. */
export function countOfCell(
  { mode, cells }: Pick<SegmentCounters, 'mode' | 'cells'>,
  cell: GatingCell,
): ArmCount | undefined {
  return mode === 'shadow' && !shadowCells.includes(cell) ? undefined : cells[cell];
}

/**
 * The probability that the next bad call of a cell is the canary's while both arms are alike: the share of the calls, and a
 * half for what only one arm of a pair did. A runner dies of a request or of time, so that of deaths it lies between the
 * share of the calls and that of the runners' time: harm is measured against the larger, a pass against the smaller.
 */
export function nullShare(counters: SegmentCounters, cell: GatingCell, of: 'harm' | 'pass'): number {
  if (counters.mode === 'shadow') return 0.5;
  if (cell !== 'death') return counters.share;
  const { stable, canary } = counters.runnerMs;
  const ofTime = stable + canary === 0 ? counters.share : canary / (stable + canary);
  return of === 'harm' ? Math.max(counters.share, ofTime) : Math.min(counters.share, ofTime);
}
