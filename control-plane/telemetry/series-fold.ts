import { metrics } from './metric.js';
import { emptyRollUp, mergeRollUp, type RollUp } from './roll-up.js';
import { levels, type Series } from './series.js';
import type { SeriesView } from './series-api.js';
import type { SeriesPlan } from './series-plan.js';

/** A stored point of one series. */
export interface SeriesRow {
  readonly series: Series;
  readonly atMs: number;
  readonly sum: RollUp;
}

/** Whether a plan reads such a series. */
export function isRead({ arms, model, version }: SeriesPlan, series: Series): boolean {
  return (
    arms.includes(series.arm) &&
    (model === null || series.model === model) &&
    (version === null || series.version === version)
  );
}

/** Puts rows together into the series of an answer, in the order of their names; what a metric says of a sum is said once, at the end. */
export class SeriesFold {
  readonly #plan: SeriesPlan;
  readonly #series = new Map<
    string,
    { readonly view: Omit<SeriesView, 'points'>; readonly sums: Map<number, RollUp> }
  >();

  constructor(plan: SeriesPlan) {
    this.#plan = plan;
  }

  add({ series, atMs, sum }: SeriesRow): void {
    const { by, isWhole, fromMs } = this.#plan;
    const view = {
      release: by.release ? releaseName(series) : null,
      arm: by.arm ? series.arm : null,
      label: by.scope && series.scope.includes('=') ? series.scope : null,
      device: by.scope && !series.scope.includes('=') ? series.scope : null,
    };
    const key = `${view.release} ${view.arm} ${view.label} ${view.device}`;
    const known = this.#series.get(key) ?? { view, sums: new Map<number, RollUp>() };
    this.#series.set(key, known);
    const point = isWhole ? fromMs : atMs;
    const into = known.sums.get(point);
    if (into === undefined) {
      // A copy: the row's own sum may be somebody else's.
      const copy = emptyRollUp();
      mergeRollUp(copy, sum);
      known.sums.set(point, copy);
    } else {
      mergeRollUp(into, sum);
    }
  }

  end(): SeriesView[] {
    const { metric, level, isWhole, fromMs, toMs } = this.#plan;
    const read = metrics.get(metric)?.read ?? (() => null);
    const seconds = (isWhole ? toMs - fromMs : levels[level]) / 1000;
    return [...this.#series]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { view, sums }]) => ({
        ...view,
        points: [...sums]
          .toSorted(([a], [b]) => a - b)
          .flatMap(([atMs, sum]): [number, number][] => {
            const value = read(sum, seconds);
            return value === null ? [] : [[atMs, value]];
          }),
      }));
  }
}

function releaseName({ model, version, arm }: Series): string | null {
  if (arm === 'host') return null;
  return version === '' ? model : `${model}@${version}`;
}
