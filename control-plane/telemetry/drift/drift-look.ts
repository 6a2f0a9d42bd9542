import { type AccuracyEstimate, estimateAccuracy } from '@bellwether/shared/evidence/accuracy-estimate';
import { type Drift, driftAlpha, freshDrift, logDrift, observeDrift } from '@bellwether/shared/evidence/drift';
import { driftDistance } from '@bellwether/shared/evidence/drift-distance';
import type { StreamLook } from './found-drift.js';
import type { WatchedRelease, WatchedStream } from './watched-release.js';

/** One stream after a look; `peak`: the farthest that it was from the reference since there is evidence. */
export interface KeptStream extends StreamLook {
  readonly peak: number;
}

/** What is kept of a release on one subject, beside its detectors. */
export interface KeptLook {
  /** Since when the detectors count, wall milliseconds. */
  readonly begunAtMs: number;
  readonly lastAtMs: number;
  readonly streams: readonly KeptStream[];
  readonly accuracy: AccuracyEstimate | null;
  /** Of the last 500 rows, as they fade, how many there are of the stream that has the most. Left out by versions before this field. */
  readonly rows?: number;
}

interface Looked {
  readonly kept: KeptLook;
  readonly drifts: readonly Drift[];
}

/** The promise of false alarms is one of a year: then the detectors begin anew. */
const renewedAfterMs = 365 * 86_400_000;
/** Of `driftMemories`: 500 rows are what people are shown, and what "now" means. */
const shownMemory = 1;
/** A value is like its reference again below this stability index, which is commonly called stable. */
const stable = 0.1;

/** Takes in the counts of all streams since the last look. */
export function lookAt(
  release: WatchedRelease,
  { kept, drifts }: { readonly kept: KeptLook | undefined; readonly drifts: readonly Drift[] },
  sum: Float64Array,
  nowMs: number,
): Looked {
  const isOver = kept !== undefined && nowMs - kept.begunAtMs > renewedAfterMs;
  const begunAtMs = kept === undefined || isOver ? nowMs : kept.begunAtMs;
  const looked = release.streams.map((stream, i) => {
    const before = isOver ? undefined : drifts[i];
    const rows = [...sum.subarray(stream.offset, stream.offset + stream.counts.length)];
    const drift = observeDrift(before ?? freshDrift(rows.length), rows, stream.weights);
    return lookAtStream(stream, drift, isOver ? undefined : kept?.streams[i], nowMs);
  });
  return {
    drifts: looked.map(({ drift }) => drift),
    kept: {
      begunAtMs,
      lastAtMs: nowMs,
      streams: looked.map(({ stream }) => stream),
      accuracy: accuracyOf(release, looked) ?? null,
      rows: Math.round(Math.max(0, ...looked.map(({ drift }) => rowsOf(recentOf(drift))))),
    },
  };
}

/**
 * Evidence does not fade, so the end is seen in the value itself: it is like the reference again, and at most half as far
 * from it as it was. Then its detector begins anew; an alarm needs all of its evidence again.
 */
function lookAtStream(
  { counts }: WatchedStream,
  drift: Drift,
  before: KeptStream | undefined,
  nowMs: number,
): { readonly drift: Drift; readonly stream: KeptStream } {
  const logE = logDrift(drift);
  const distance = driftDistance(recentOf(drift), counts);
  const isStrong = logE >= -Math.log(driftAlpha);
  const peak = isStrong ? Math.max(before?.peak ?? 0, distance.stabilityIndex) : 0;
  if (isStrong && distance.stabilityIndex < Math.min(stable, peak / 2)) {
    return { drift: freshDrift(counts.length), stream: { ...distance, logE: 0, quietAtMs: nowMs, peak: 0 } };
  }
  const quietAtMs = logE <= 0 || before === undefined ? nowMs : before.quietAtMs;
  return { drift, stream: { ...distance, logE, quietAtMs, peak } };
}

function accuracyOf(
  { streams, reference }: WatchedRelease,
  looked: readonly { readonly drift: Drift }[],
): AccuracyEstimate | undefined {
  const drift = looked[streams.findIndex(({ source }) => source === 'confidence')]?.drift;
  return drift === undefined ? undefined : estimateAccuracy(recentOf(drift), reference);
}

function rowsOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function recentOf({ detectors }: Drift): readonly number[] {
  return detectors[shownMemory]?.recent ?? [];
}
