import uPlot from 'uplot';
import { formatClock } from './format.js';

/** A moment that every chart marks with a dashed line: a rollout began. */
export interface ChartMark {
  readonly atMs: number;
  readonly label: string;
}

interface DrawnSeries {
  readonly label: string;
  readonly colour: string;
}

interface ChartLook {
  /** In the order of the data: in a stack the topmost first. */
  readonly series: readonly DrawnSeries[];
  readonly isStacked: boolean;
  readonly width: number;
  readonly marks: () => readonly ChartMark[];
  /** The index under the pointer; null when it is elsewhere. */
  readonly hovered: (index: number | null) => void;
}

/** In CSS pixels; charts.css keeps the room. */
export const chartHeight = 200;
const leastSeconds = 60;
const font = '11px system-ui, sans-serif';

/** What uPlot needs to know for a chart over the last minutes. Inks are read at every drawing: the colour scheme may change. */
export function chartOptions({ series, isStacked, width, marks, hovered }: ChartLook): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: chartInk('--muted'),
    grid: { stroke: chartInk('--line'), width: 1 },
    ticks: { show: false },
    font,
  };
  const clock = (_plot: uPlot, splits: number[]) => splits.map((seconds) => formatClock(seconds * 1000));
  return {
    width,
    height: chartHeight,
    padding: [18, 28, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { show: !isStacked } },
    legend: { show: false },
    scales: { x: { range: timeRange }, y: { range: (_plot, _min, max) => [0, Math.max(1, (max ?? 0) * 1.1)] } },
    axes: [
      {
        ...axis,
        values: clock,
        space: 90,
        incrs: [5, 10, 15, 30, 60, 300, 900, 1800, 3600, 7200, 10_800, 21_600],
        size: 26,
      },
      { ...axis, size: 42 },
    ],
    series: [
      {},
      ...series.map(({ label, colour }, place) => ({
        label,
        stroke: colour,
        width: 2,
        points: { show: false },
        ...(isStacked && place === series.length - 1 && { fill: filled(colour) }),
      })),
    ],
    bands: isStacked
      ? series.slice(0, -1).map(({ colour }, place) => ({ series: [place + 1, place + 2], fill: filled(colour) }))
      : [],
    hooks: { draw: [(plot) => drawMarks(plot, marks())], setCursor: [(plot) => hovered(plot.cursor.idx ?? null)] },
  };
}

/** Never less than a minute, so that the first seconds do not race; the data ends at the right. */
function timeRange(_plot: uPlot, min: number | null, max: number | null): [number, number] {
  const end = max ?? 0;
  return [Math.min(min ?? end, end - leastSeconds), end];
}

function filled(colour: string): string {
  return `${colour}66`;
}

/** A colour of the theme, read at every drawing. */
export function chartInk(name: string): () => string {
  return () => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Draws the marks over a chart; a label that has no room is left out. */
export function drawMarks(plot: uPlot, marks: readonly ChartMark[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = chartInk('--ink')();
  ctx.strokeStyle = chartInk('--ink')();
  ctx.lineWidth = uPlot.pxRatio;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  ctx.font = font.replace('11px', `${11 * uPlot.pxRatio}px`);
  ctx.setLineDash([3 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
  let freeFrom = 0;
  for (const { atMs, label } of marks) {
    const x = Math.round(plot.valToPos(atMs / 1000, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const { width } = ctx.measureText(label);
    const start = Math.min(Math.max(x - width / 2, bbox.left), bbox.left + bbox.width - width);
    if (start < freeFrom) continue;
    ctx.fillText(label, start, bbox.top - 5 * uPlot.pxRatio);
    freeFrom = start + width + 6 * uPlot.pxRatio;
  }
  ctx.restore();
}
