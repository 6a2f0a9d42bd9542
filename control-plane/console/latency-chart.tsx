import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { formatMs } from './format.js';
import { latencyShares } from './latency-shares.js';

const width = 480;
/** In units of the drawing, which is stretched to the room that rollouts.css gives it. */
const floor = 180;
const top = 6;
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
  const areas = [stable, canary].map((arm, index) => {
    const shares = series[index]?.shares ?? [];
    const points = shares.map((share, place) => {
      const x = ((place + 0.5) / shares.length) * width;
      return `${x.toFixed(1)},${(floor - (share / most) * (floor - top)).toFixed(1)}`;
    });
    return { points: `0,${floor} ${points.join(' ')} ${width},${floor}`, colour: colourOf(arm.release) };
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => fromMs * (toMs / fromMs) ** part);
  function colourOf(release: string | null): string {
    return colours.get(release ?? '') ?? neutral;
  }
  return (
    <div>
      <div class="detail">Compute time in this step, part of the calls</div>
      <svg class="latency" viewBox={`0 0 ${width} ${floor}`} preserveAspectRatio="none" aria-hidden="true">
        {areas.map(({ points, colour }, index) => (
          <polygon
            key={index}
            points={points}
            fill={`${colour}44`}
            stroke={colour}
            stroke-width="2"
            stroke-dasharray={index === 0 ? undefined : '7 4'}
          />
        ))}
      </svg>
      <div class="ticks" aria-hidden="true">
        {ticks.map((ms) => (
          <span key={ms}>{formatMs(ms)}</span>
        ))}
      </div>
      <ul class="legend">
        {[stable, canary].map((arm, index) => (
          <li key={index}>
            <i class={index === 0 ? 'swatch' : 'swatch dashed'} style={{ color: colourOf(arm.release) }} />
            {arm.release} {index === 0 ? 'stable' : 'canary'}{' '}
            <span class="number">median {formatMs(series[index]?.medianMs)}</span>{' '}
            <span class="number">p99 {formatMs(series[index]?.p99Ms)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
