import type { ArmTotals } from './arm-totals.js';
import { classicHistogram, latencyBounds } from './classic-histogram.js';
import type { MetricFamily, MetricLabels } from './exposition.js';

/** An arm and the labels that it goes by: `model`, `version`, `arm`, and what else it is told apart by. */
export interface LabelledArm {
  readonly labels: MetricLabels;
  readonly totals: ArmTotals;
}

/** What releases did in their arms: the same names on the server, of the fleet, and on a device. */
export function armFamilies(arms: readonly LabelledArm[]): MetricFamily[] {
  const counter = (name: string, help: string, read: (totals: ArmTotals) => number): MetricFamily => {
    const samples = arms.map(({ labels, totals }) => ({ labels, value: read(totals) }));
    return { name, help, type: 'counter', samples };
  };
  const times = (name: string, help: string, which: 'compute' | 'total'): MetricFamily => {
    const samples = arms.map(({ labels, totals }) =>
      classicHistogram(totals[which], { labels, bounds: latencyBounds, perSecond: 1_000_000 }),
    );
    return { name, help, type: 'histogram', samples };
  };
  const errors = arms.flatMap(({ labels, totals }) =>
    [...totals.errors].map(([code, value]) => ({ labels: { ...labels, code }, value })),
  );
  return [
    counter(
      'bellwether_requests_total',
      'Calls that were drawn for an arm: answered or failed.',
      (sum) => sum.requests,
    ),
    { name: 'bellwether_request_errors_total', help: 'Calls that failed, by code.', type: 'counter', samples: errors },
    counter('bellwether_invalid_answers_total', 'Answers with a number that is not finite.', (sum) => sum.invalid),
    counter('bellwether_runner_deaths_total', 'Runner processes that ended unasked.', (sum) => sum.runnerDeaths),
    counter(
      'bellwether_answers_right_total',
      'Answers that were right, of those with known truth.',
      (sum) => sum.right,
    ),
    counter(
      'bellwether_answers_wrong_total',
      'Answers that were wrong, of those with known truth.',
      (sum) => sum.wrong,
    ),
    times('bellwether_request_duration_seconds', 'From parsed to answered.', 'total'),
    times('bellwether_compute_duration_seconds', 'In the runner alone.', 'compute'),
  ];
}
