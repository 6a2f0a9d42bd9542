import type { Window } from '@bellwether/shared/contract/window';
import { segmentMs, slowQuantiles } from '@bellwether/shared/evidence/counters';
import {
  countOf,
  emptyHistogram,
  type Histogram,
  mergeInto,
  quantileEdge,
} from '@bellwether/shared/evidence/histogram';
import { decodeHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { stableLimit } from '@bellwether/shared/evidence/slow-limit';
import type { Neighbour } from './verdict/interference.js';

/** As exposed devices take their limits: of a thousand calls at least, and not of yesterday. */
const calls = { least: 1000, most: 20_000 } as const;

/** The release that a device without a canary serves, and since when its times are compared with those before. */
export interface TimesOf {
  readonly model: string;
  /** Manifest. */
  readonly stable: string;
  /** Epoch 0 begins here; wall time. */
  readonly createdAtMs: number;
  readonly since: number;
}

/**
 * Stable's calls on a device without a canary, by epoch, from its windows, the newest first; they are read as far back as
 * needed. Undefined where too few calls came before `since` to say what is slow.
 */
export function neighbourEpochs(
  windows: Iterable<Window>,
  { model, stable, createdAtMs, since }: TimesOf,
): Neighbour['epochs'] | undefined {
  const fromMs = createdAtMs + since * segmentMs;
  const before = emptyHistogram();
  const after = new Map<number, Histogram>();
  for (const { arms, wallStartMs, wallEndMs } of windows) {
    const arm = arms.find((each) => each.model === model && each.arm === 'stable' && each.manifest === stable);
    if (arm === undefined) continue;
    if (wallEndMs <= fromMs) {
      mergeInto(before, decodeHistogram(arm.compute));
      if (countOf(before) >= calls.most) break;
    } else if (wallStartMs >= fromMs) {
      const epoch = Math.floor((wallStartMs - createdAtMs) / segmentMs);
      const sum = after.get(epoch) ?? emptyHistogram();
      mergeInto(sum, decodeHistogram(arm.compute));
      after.set(epoch, sum);
    }
  }
  const edge = quantileEdge(before, slowQuantiles.slow90);
  if (edge === undefined || countOf(before) < calls.least) return undefined;
  const limit = stableLimit(edge);
  return [...after].map(([epoch, times]) => ({ epoch, calls: countOf(times), slow: countBeyond(times, limit) }));
}

/** A bucket counts when any of it is above: what hides a little of the canary's doing accuses nobody wrongly. */
function countBeyond({ overflow, buckets }: Histogram, limitMicros: number): number {
  let above = overflow;
  for (const [bucket, count] of buckets) if (2 ** ((bucket + 1) / 32) > limitMicros) above += count;
  return above;
}
