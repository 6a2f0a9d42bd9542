import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { type ChartMark, chartHeight, chartOptions } from './chart-options.js';
import { formatClock } from './format.js';

/** One line of a chart; null where nothing was measured. */
export interface ChartSeries {
  readonly label: string;
  readonly colour: string;
  readonly values: ReadonlyArray<number | null>;
}

interface TimeChartProps {
  readonly title: string;
  readonly timesMs: readonly number[];
  /** In a stack the lowest first. */
  readonly series: readonly ChartSeries[];
  /** Oldest first. */
  readonly marks: readonly ChartMark[];
  readonly format: (value: number | null | undefined) => string;
  readonly isStacked?: boolean;
}

/** A chart over time. The legend is text and says the newest values, or those under the pointer: nobody needs to see the canvas. */
export function TimeChart({ title, timesMs, series, marks, format, isStacked = false }: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shownMarks = useRef(marks);
  shownMarks.current = marks;
  const [hovered, setHovered] = useState<number | null>(null);
  const drawn = isStacked ? stacked(series) : series;
  const shape = drawn.map(({ label, colour }) => `${label} ${colour}`).join('\n');

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const width = element.clientWidth;
    const options = chartOptions({
      series: drawn,
      isStacked,
      width,
      marks: () => shownMarks.current,
      hovered: setHovered,
    });
    const made = new uPlot(options, [[], ...drawn.map(() => [])], element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: chartHeight }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => {
    plot.current?.setData([timesMs.map((atMs) => atMs / 1000), ...drawn.map(({ values }) => [...values])]);
  }, [timesMs.at(-1), marks.length, shape]);

  const shown = Math.min(hovered ?? timesMs.length - 1, timesMs.length - 1);
  const atMs = timesMs[shown];
  return (
    <figure>
      <figcaption>
        {title}
        {hovered !== null && atMs !== undefined && <time>{formatClock(atMs)}</time>}
      </figcaption>
      <div class="chart" ref={place} aria-hidden="true" />
      <ul class="legend">
        {series.map(({ label, colour, values }) => (
          <li key={label}>
            <i class="swatch" style={{ background: colour }} />
            {label} <span class="number">{format(values[shown])}</span>
          </li>
        ))}
        {series.length === 0 && <li class="empty">Nothing measured yet</li>}
      </ul>
    </figure>
  );
}

/** Each series on top of those before it, the topmost first, as uPlot's bands need them. */
function stacked(series: readonly ChartSeries[]): readonly ChartSeries[] {
  const sums: (number | null)[] = [];
  return series
    .map((one) => {
      for (const [i, value] of one.values.entries()) {
        sums[i] = value === null ? (sums[i] ?? null) : (sums[i] ?? 0) + value;
      }
      return { ...one, values: [...sums] };
    })
    .reverse();
}
