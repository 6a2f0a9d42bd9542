import { useComputed } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { SeriesReply } from '@bellwether/control-plane/telemetry/series-api';
import { chartTimes, seriesByRelease } from './day-series.js';
import type { FleetState } from './fleet-state.js';
import { formatDate, formatMs, formatRate } from './format.js';
import { RefusalNote } from './refusal-note.js';
import { useResource } from './resource.js';
import type { ServerApi } from './server-api.js';
import { type ChartSeries, TimeChart } from './time-chart.js';

/** How often it is asked for anew. */
const renewMs = 60_000;
const seriesRoute = 'GET /telemetry/series';

interface DayChartsProps {
  readonly state: FleetState;
  readonly api: ServerApi;
  /** Of one device; left out: of the fleet. */
  readonly device?: string;
}

/** Requests and p99 of the last 24 hours by release, an hour a point, from the stored series: read once somebody opens it. */
export function DayCharts(props: DayChartsProps) {
  const [isOpen, setOpen] = useState(false);
  if (!props.api.may(seriesRoute)) return null;
  return (
    <details class="day" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The last 24 hours</summary>
      {isOpen && <OpenCharts {...props} />}
    </details>
  );
}

function OpenCharts({ state, api, device }: DayChartsProps) {
  // Drawn when something new was read, and not with every second.
  const round = useComputed(() => Math.floor(state.nowMs.value / renewMs));
  const cause = `${device ?? ''} ${round.value}`;
  const of = { by: 'release', step: 'hour', ...(device !== undefined && { device }) };
  const rates = useResource<SeriesReply>(api, seriesRoute, { query: { metric: 'request-rate', ...of }, cause });
  const times = useResource<SeriesReply>(api, seriesRoute, { query: { metric: 'total-p99', ...of }, cause });
  const timesMs = chartTimes([rates.value, times.value]);
  const rateSeries = seriesByRelease(rates.value, timesMs, state.colours.value);
  const timeSeries = seriesByRelease(times.value, timesMs, state.colours.value);
  return (
    <>
      <RefusalNote refusal={rates.refusal ?? times.refusal} />
      <div class="charts">
        <TimeChart
          title="Requests per second, by release"
          timesMs={timesMs}
          series={rateSeries}
          marks={noMarks}
          format={formatRate}
        />
        <TimeChart
          title="p99 of all calls, by release"
          timesMs={timesMs}
          series={timeSeries}
          marks={noMarks}
          format={formatMs}
        />
      </div>
      {timesMs.length > 0 && <DayTable timesMs={timesMs} rates={rateSeries} times={timeSeries} />}
    </>
  );
}

const noMarks: readonly [] = [];

interface DayTableProps {
  readonly timesMs: readonly number[];
  readonly rates: readonly ChartSeries[];
  readonly times: readonly ChartSeries[];
}

/** What the charts show, for those who do not see them. */
function DayTable({ timesMs, rates, times }: DayTableProps) {
  return (
    // A region that scrolls must be reachable by keyboard.
    <div class="scroll as-table" role="region" aria-label="The last 24 hours as a table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">from</th>
            {rates.map(({ label }) => (
              <th key={label} scope="col">
                {label} req/s
              </th>
            ))}
            {times.map(({ label }) => (
              <th key={label} scope="col">
                {label} p99
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {timesMs.map((atMs, place) => (
            <tr key={atMs}>
              <th scope="row">{formatDate(atMs)}</th>
              {rates.map(({ label, values }) => (
                <td key={label}>{formatRate(values[place])}</td>
              ))}
              {times.map(({ label, values }) => (
                <td key={label}>{formatMs(values[place])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
