import type { SeriesReply } from '@bellwether/control-plane/telemetry/series-api';
import { compareReleases } from './served-releases.js';

/** A release over time; null where nothing was measured. */
interface ReleaseSeries {
  readonly label: string;
  readonly colour: string;
  readonly values: ReadonlyArray<number | null>;
}

/** Every moment at which one of these was measured, ascending. */
export function chartTimes(replies: readonly (SeriesReply | null)[]): readonly number[] {
  const all = replies.flatMap((reply) => reply?.series.flatMap(({ points }) => points.map(([atMs]) => atMs)) ?? []);
  return [...new Set(all)].sort((a, b) => a - b);
}

/** A reply by release as the lines of a chart over these moments, the newest release first. */
export function seriesByRelease(
  reply: SeriesReply | null,
  timesMs: readonly number[],
  colours: ReadonlyMap<string, string>,
): readonly ReleaseSeries[] {
  return (reply?.series ?? [])
    .map(({ release, points }) => {
      const label = release ?? 'all';
      const values = new Map(points);
      const colour = colours.get(label) ?? '#7d8a84';
      return { label, colour, values: timesMs.map((atMs) => values.get(atMs) ?? null) };
    })
    .sort((a, b) => compareReleases(b.label, a.label));
}
