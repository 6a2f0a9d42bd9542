import { referenceWeights } from '@bellwether/shared/evidence/drift';
import type { Manifest } from '@bellwether/shared/models/manifest';
import type { ReferenceDistributions } from '@bellwether/shared/models/reference';
import { watchedTensors } from '@bellwether/shared/models/watched-tensors';

/** Where a window says something of a stream: a feature's place in the reference. */
type StreamSource = 'classes' | 'confidence' | number;

/** One thing that a reference has a distribution of. */
export interface WatchedStream {
  readonly source: StreamSource;
  /** The reference's, as many as the bins that windows count in. */
  readonly counts: readonly number[];
  /** What the detector holds against it. */
  readonly weights: readonly number[];
  /** Where its bins begin among those of all streams. */
  readonly offset: number;
}

/** A release that is watched, and what of it: counts of all streams lie in one row of `bins` numbers. */
export interface WatchedRelease {
  readonly model: string;
  readonly version: string;
  readonly manifest: string;
  /** `feature pixel-7-7`, `classes`, `confidence`; in the order of `streams`. */
  readonly names: readonly string[];
  readonly streams: readonly WatchedStream[];
  readonly bins: number;
  readonly reference: ReferenceDistributions;
  /** Rows of one device count as independent when they are this far apart. */
  readonly apartMs: number;
  /** Share of right answers on the reference; undefined when it does not say. */
  readonly accuracy: number | undefined;
}

/** A rule for references that do not say it, measured in docs/decisions/0024. */
const usuallyApartMs = 10_000;

/** What devices count of a release; values that they never see are left out. */
export function watchedRelease(
  named: Pick<WatchedRelease, 'model' | 'version' | 'manifest'>,
  manifest: Pick<Manifest, 'inputs' | 'outputs' | 'reference'>,
  reference: ReferenceDistributions,
): WatchedRelease {
  const { classes, confidence, features } = reference;
  const seen = new Set(watchedTensors(manifest).map(({ name }) => name));
  const all: { name: string; source: StreamSource; counts: readonly number[] }[] = [
    ...(classes === undefined ? [] : [{ name: 'classes', source: 'classes' as const, counts: classes }]),
    ...(confidence === undefined ? [] : [{ name: 'confidence', source: 'confidence' as const, counts: confidence }]),
    ...features.flatMap(({ name, tensor, counts }, source) =>
      // Windows have one bin more: what was not finite. A reference has none of it.
      seen.has(tensor) ? [{ name: `feature ${name}`, source, counts: [...counts, 0] }] : [],
    ),
  ];
  let bins = 0;
  const streams = all.map(({ source, counts }) => {
    const offset = bins;
    bins += counts.length;
    return { source, counts, weights: referenceWeights(counts), offset };
  });
  const names = all.map(({ name }) => name);
  const { apartMs = usuallyApartMs } = reference;
  const { model, version, manifest: digest } = named;
  return {
    model,
    version,
    manifest: digest,
    names,
    streams,
    bins,
    reference,
    apartMs,
    accuracy: accuracyOf(reference),
  };
}

function accuracyOf({ confidence, correct }: ReferenceDistributions): number | undefined {
  if (confidence === undefined || correct?.length !== confidence.length) return undefined;
  const answers = confidence.reduce((sum, count) => sum + count, 0);
  return answers === 0 ? undefined : correct.reduce((sum, count) => sum + count, 0) / answers;
}
