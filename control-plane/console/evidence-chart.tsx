import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { type ChartMark, chartHeight, chartInk, drawMarks } from './chart-options.js';
import { formatClock } from './format.js';

interface EvidenceProps {
  readonly history: RolloutView['history'];
  /** Natural logarithms. */
  readonly limit: number;
  readonly now: number;
}

const harmColour = '#8a6fd1';
const limitColour = '#b42828';

/**
 * The e-value of harm over time on a log axis, and the line at which the release is taken back: how many to one the
 * evidence would win against a canary that is no worse.
 */
export function EvidenceChart({ history, limit, now }: EvidenceProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shownMarks = useRef<readonly ChartMark[]>([]);
  shownMarks.current = stepMarks(history);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new uPlot(
      optionsOf(element.clientWidth, () => shownMarks.current),
      [[], [], []],
      element,
    );
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: chartHeight }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => {
    const times = history.map(({ atMs }) => atMs / 1000);
    plot.current?.setData([
      times,
      history.map(({ logHarm }) => logHarm / Math.LN10),
      times.map(() => limit / Math.LN10),
    ]);
  }, [history.at(-1)?.atMs, history.length, limit]);
  return (
    <figure>
      <figcaption>
        <span title="What somebody who bets on it, fairly, would have made of 1: an equal release gets to 100 in one rollout of a hundred">
          Evidence of harm (E), on a log axis
        </span>
      </figcaption>
      <div class="chart" ref={place} aria-hidden="true" />
      <ul class="legend">
        <li>
          <i class="swatch" style={{ background: harmColour }} />
          now <span class="number">{evidenceText(now)}</span>
        </li>
        <li>
          <i class="swatch dashed" style={{ color: limitColour }} />
          taken back at <span class="number">{evidenceText(limit)}</span>
        </li>
      </ul>
    </figure>
  );
}

/** Where each step after the first began to be measured. */
function stepMarks(history: RolloutView['history']): readonly ChartMark[] {
  return history.flatMap(({ atMs, step }, index) => {
    const before = history[index - 1];
    return before === undefined || before.step === step ? [] : [{ atMs, label: `step ${step + 1}` }];
  });
}

/** An e-value from its natural logarithm: `0.013`, `41`, `2.1e+7`. */
function evidenceText(log: number): string {
  const power = log / Math.LN10;
  if (power > 4 || power < -3) return `10^${power.toFixed(1)}`;
  const value = Math.exp(log);
  return value >= 99.5 ? value.toFixed(0) : value.toPrecision(2);
}

/** Logarithms to base 10 go in: what uPlot draws is then linear, and no value of 0 can break it. */
function optionsOf(width: number, marks: () => readonly ChartMark[]): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: chartInk('--muted'),
    grid: { stroke: chartInk('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width,
    height: chartHeight,
    padding: [18, 28, 0, 0],
    cursor: { show: false },
    legend: { show: false },
    hooks: { draw: [(drawn) => drawMarks(drawn, marks())] },
    scales: {
      x: { range: (_plot, min, max) => [min ?? 0, Math.max(max ?? 0, (min ?? 0) + 10)] },
      y: { range: (_plot, min, max) => [Math.min(-2, min ?? 0), Math.max(3, (max ?? 0) * 1.1)] },
    },
    axes: [
      {
        ...axis,
        values: (_plot, splits) => splits.map((seconds) => formatClock(seconds * 1000)),
        space: 90,
        size: 26,
      },
      { ...axis, size: 52, incrs: [1, 2, 5, 10, 20, 50, 100], values: (_plot, splits) => splits.map(powerText) },
    ],
    series: [
      {},
      { label: 'evidence', stroke: harmColour, width: 2, points: { show: false } },
      { label: 'limit', stroke: limitColour, width: 2, dash: [6, 4], points: { show: false } },
    ],
  };
}

function powerText(power: number): string {
  return power >= -3 && power <= 4 ? String(Number((10 ** power).toPrecision(3))) : `10^${power}`;
}
