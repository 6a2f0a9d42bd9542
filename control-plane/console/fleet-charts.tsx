import type { ChartMark } from './chart-options.js';
import type { FleetSample } from './fleet-sample.js';
import type { FleetState } from './fleet-state.js';
import { formatMs, formatRate } from './format.js';
import { compareReleases } from './served-releases.js';
import { type ChartSeries, TimeChart } from './time-chart.js';

/** Two charts over the last five minutes: requests per second by release, stacked, and latency. Rollouts are marked in both. */
export function FleetCharts({ state }: { readonly state: FleetState }) {
  const samples = state.samples.value;
  const timesMs = samples.map(({ atMs }) => atMs);
  const marks: ChartMark[] = state.rollouts.value
    .map(({ createdAtMs, release }) => ({ atMs: createdAtMs, label: `→ ${release}` }))
    .reverse();
  return (
    <section class="charts" aria-label="The last five minutes">
      <TimeChart
        title="Requests per second, by release"
        timesMs={timesMs}
        series={requestSeries(samples, state.colours.value)}
        marks={marks}
        format={formatRate}
        isStacked
      />
      <TimeChart
        title="Latency: p99 of the slowest device, p50 of the middle one"
        timesMs={timesMs}
        series={latencySeries(samples)}
        marks={marks}
        format={formatMs}
      />
    </section>
  );
}

/** The newest release lies at the bottom: a takeover rises. */
function requestSeries(samples: readonly FleetSample[], colours: ReadonlyMap<string, string>): ChartSeries[] {
  const served = new Set(samples.flatMap(({ requestsPerSecond }) => [...(requestsPerSecond?.keys() ?? [])]));
  return [...served]
    .sort((a, b) => compareReleases(b, a))
    .map((label) => ({
      label,
      // Of devices with several models, the first one's.
      colour: colours.get(label.split(' + ', 1)[0] ?? label) ?? '#7d8a84',
      values: samples.map((sample) => sample.requestsPerSecond && (sample.requestsPerSecond.get(label) ?? 0)),
    }));
}

/** In colours that are no release's. */
function latencySeries(samples: readonly FleetSample[]): ChartSeries[] {
  return [
    { label: 'p99', colour: '#8a6fd1', values: samples.map(({ p99Ms }) => p99Ms) },
    { label: 'p50', colour: '#7d8a84', values: samples.map(({ p50Ms }) => p50Ms) },
  ];
}
