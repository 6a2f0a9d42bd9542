import {
  type Drift,
  driftAlpha,
  freshDrift,
  logDrift,
  observeDrift,
  referenceWeights,
} from '@bellwether/shared/evidence/drift';
import { rejectedByEvidence } from '@bellwether/shared/evidence/e-bh';

/** One row as a device sees it: a value for each watched feature, and the bins of its class and its confidence, if any. */
export interface WatchedRow {
  readonly values: readonly number[];
  readonly classes?: { readonly index: number; readonly of: number };
  readonly confidence?: number;
}

/** What counts rows of one kind into bins. */
type Count = (rows: readonly WatchedRow[]) => readonly number[];

const quantiles = 10;
const confidenceBins = 20;
/** Reference distributions of some rows, in tenths of each value, and the detectors on all of them, as the server runs them. */
export class DriftWatch {
  readonly #counts: readonly Count[];
  readonly #weights: readonly (readonly number[])[];

  constructor(reference: readonly WatchedRow[]) {
    const [first] = reference;
    if (first === undefined) throw new Error('a reference needs rows');
    const features = first.values.map((_, f) =>
      featureCount(
        reference.map(({ values }) => values[f] ?? Number.NaN),
        f,
      ),
    );
    const outputs = first.classes === undefined ? [] : [classCount(first.classes.of), confidenceCount];
    this.#counts = [...features, ...outputs];
    this.#weights = this.#counts.map((count) => referenceWeights(count(reference)));
  }

  /** Rows until the first alarm, looked at every `chunk` rows; undefined when they all pass without one. */
  rowsToAlarm(rows: readonly WatchedRow[], chunk = 10): number | undefined {
    let drifts: readonly Drift[] = this.#weights.map((weights) => freshDrift(weights.length));
    for (let start = 0; start < rows.length; start += chunk) {
      const part = rows.slice(start, start + chunk);
      drifts = drifts.map((drift, i) => observeDrift(drift, this.#counts[i]?.(part) ?? [], this.#weights[i] ?? []));
      if (rejectedByEvidence(drifts.map(logDrift), driftAlpha).length > 0) return start + part.length;
    }
    return undefined;
  }
}

function featureCount(reference: readonly number[], feature: number): Count {
  const sorted = reference.toSorted((a, b) => a - b);
  const edges = Array.from(
    { length: quantiles - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / quantiles)] ?? 0,
  );
  const binOf = ({ values }: WatchedRow) => {
    const value = values[feature] ?? Number.NaN;
    return Number.isFinite(value) ? edges.filter((edge) => value > edge).length : quantiles;
  };
  return (rows) => countBins(rows.map(binOf), quantiles + 1);
}

function classCount(classes: number): Count {
  return (rows) =>
    countBins(
      rows.map((row) => row.classes?.index ?? 0),
      classes,
    );
}

const confidenceCount: Count = (rows) =>
  countBins(
    rows.map(({ confidence = 0 }) => Math.min(confidenceBins - 1, Math.floor(confidence * confidenceBins))),
    confidenceBins,
  );

function countBins(bins: readonly number[], of: number): readonly number[] {
  const counts = Array.from({ length: of }, () => 0);
  for (const bin of bins) counts[bin] = (counts[bin] ?? 0) + 1;
  return counts;
}
