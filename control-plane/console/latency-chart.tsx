import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { formatMs } from './format.js';
import { latencyShares } from './latency-shares.js';

const width = 480;
const height = 200;
const margin = { bottom: 22, top: 6 };
const neutral = '#7d8a84';

interface LatencyProps {
  readonly arms: NonNullable<RolloutView['arms']>;
  readonly colours: ReadonlyMap<string, string>;
}

/** Compute time of both arms, laid over each other: part of the calls by time, on a log axis. */
export function LatencyChart({ arms, colours }: LatencyProps) {
  const { stable, canary } = arms;
  if (stable.compute === null || canary.compute === null) return null;
  const { fromMs, toMs, series } = latencyShares([stable.compute, canary.compute]);
  const most = Math.max(...series.flatMap(({ shares }) => shares), 1e-9);
  const floor = height - margin.bottom;
  const areas = [stable, canary].map((arm, index) => {
    const shares = series[index]?.shares ?? [];
    const points = shares.map((share, place) => {
      const x = ((place + 0.5) / shares.length) * width;
      return `${x.toFixed(1)},${(floor - (share / most) * (floor - margin.top)).toFixed(1)}`;
    });
    return { points: `0,${floor} ${points.join(' ')} ${width},${floor}`, colour: colourOf(arm.release) };
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => ({ part, ms: fromMs * (toMs / fromMs) ** part }));
  function colourOf(release: string | null): string {
    return colours.get(release ?? '') ?? neutral;
  }
  return (
    <div>
      <div class="detail">Compute time in this step, part of the calls</div>
      <svg class="latency" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        {areas.map(({ points, colour }, index) => (
          <polygon key={index} points={points} fill={`${colour}44`} stroke={colour} stroke-width="2" />
        ))}
        {ticks.map(({ part, ms }) => (
          <text
            key={part}
            x={part * width}
            y={height - 5}
            text-anchor={part === 0 ? 'start' : part === 1 ? 'end' : 'middle'}
          >
            {formatMs(ms)}
          </text>
        ))}
      </svg>
      <ul class="legend">
        {[stable, canary].map((arm, index) => (
          <li key={index}>
            <i class="swatch" style={{ background: colourOf(arm.release) }} />
            {arm.release} <span class="number">median {formatMs(series[index]?.medianMs)}</span>{' '}
            <span class="number">p99 {formatMs(series[index]?.p99Ms)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
