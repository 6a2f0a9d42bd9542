import { type GatingCell, segmentMs } from '@bellwether/shared/evidence/counters';
import { logHarm, logMean, type Split } from '@bellwether/shared/evidence/e-value';
import type { Counting, SegmentHead } from './evidence-segment.js';

/** What one segment has shown on this device in its whole life. */
export interface DeviceSegment extends Pick<SegmentHead, 'mode' | 'share' | 'startedAtMs'> {
  readonly life: ReadonlyMap<GatingCell, Counting>;
}

/** The cells that a device may judge alone: slowness and labels are for the fleet. */
const ownCells = ['error', 'invalid', 'death'] as const;

/** The tolerated ratio of. */
const tolerated = 1.25;

/** log E that the canary is worse than stable on this device: the mean over the cells that it may judge. */
export function logDeviceHarm(segments: readonly DeviceSegment[]): number {
  const firstMs = Math.min(...segments.map(({ startedAtMs }) => startedAtMs));
  return logMean(
    ownCells.map((cell) => {
      const splits = segments.flatMap((segment) => splitOf(segment, cell, firstMs));
      return logHarm(splits, tolerated);
    }),
  );
}

function splitOf({ mode, share, startedAtMs, life }: DeviceSegment, cell: GatingCell, firstMs: number): Split[] {
  const count = life.get(cell);
  // What one arm of a pair does alone is either's alike; so is a death of time, as both runners are there for the same.
  const ofCalls = share / 10_000;
  const probability = mode === 'shadow' ? 0.5 : cell === 'death' ? Math.max(0.5, ofCalls) : ofCalls;
  if (count === undefined || mode === 'full' || probability <= 0 || probability >= 1) return [];
  const epoch = Math.max(0, Math.floor((startedAtMs - firstMs) / segmentMs));
  return [{ epoch, share: probability, canary: count.canary, total: count.canary + count.stable }];
}
