import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { FleetSample, FleetState } from './fleet-state.js';
import { releaseColour } from './release-colour.js';

/** Two charts over the last five minutes: requests per second by release, stacked, and latency. */
export function FleetCharts({ state }: { readonly state: FleetState }) {
  const samples = state.samples.value;
  const releases = [...new Set(samples.flatMap((s) => [...s.requestsPerSecond.keys()]))].sort();
  return (
    <section class="charts" aria-label="The last five minutes">
      <figure>
        <figcaption>Requests per second, by release</figcaption>
        <Chart
          samples={samples}
          series={releases.map((release, place) => ({
            label: release,
            colour: releaseColour(release, state.releases.value.keys()),
            isFilled: true,
            read: (s) => stackedUpTo(s, releases, place),
          }))}
        />
      </figure>
      <figure>
        <figcaption>Compute time, ms: p99 of the slowest device, p50 of the middle one</figcaption>
        <Chart samples={samples} series={latencySeries} />
      </figure>
    </section>
  );
}

interface Series {
  readonly label: string;
  readonly colour: string;
  readonly isFilled: boolean;
  readonly read: (sample: FleetSample) => number | null;
}

const latencySeries: readonly Series[] = [
  { label: 'p99', colour: '#d9822b', isFilled: false, read: (s) => s.p99Ms },
  { label: 'p50', colour: '#3d7dd8', isFilled: false, read: (s) => s.p50Ms },
];

function stackedUpTo(sample: FleetSample, releases: readonly string[], place: number): number {
  return releases.slice(0, place + 1).reduce((sum, release) => sum + (sample.requestsPerSecond.get(release) ?? 0), 0);
}

/** A uPlot that is made anew when the series change, and fed otherwise. Stacked series are drawn from the top down. */
function Chart({ samples, series }: { readonly samples: readonly FleetSample[]; readonly series: readonly Series[] }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const drawn = [...series].reverse();
  const names = drawn.map((s) => `${s.label} ${s.colour}`).join('\n');

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new uPlot(optionsFor(drawn, element.clientWidth), [[], ...drawn.map(() => [])], element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: chartHeight }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [names]);

  useEffect(() => {
    plot.current?.setData([samples.map((s) => s.atMs / 1000), ...drawn.map((one) => samples.map(one.read))]);
  }, [samples, names]);

  return <div class="chart" ref={place} />;
}

const chartHeight = 170;

function optionsFor(series: readonly Series[], width: number): uPlot.Options {
  const ink = getComputedStyle(document.documentElement).getPropertyValue('--muted').trim();
  const line = getComputedStyle(document.documentElement).getPropertyValue('--line').trim();
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '11px system-ui' };
  return {
    width,
    height: chartHeight,
    cursor: { y: false },
    legend: { live: false },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, (max ?? 1) * 1.15)] } },
    axes: [axis, { ...axis, size: 44 }],
    series: [
      {},
      ...series.map((one) => ({
        label: one.label,
        stroke: one.colour,
        width: 2,
        points: { show: false },
        ...(one.isFilled && { fill: `${one.colour}55` }),
      })),
    ],
  };
}
