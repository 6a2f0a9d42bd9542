import type { SeriesReply, SeriesView } from './series-api.js';

/**
 * As many points as fit, the oldest first: a stretch of time that every series has whole, so that the next answer goes on
 * where this one ended. One moment is never divided, however many series there are.
 */
export function pageOf(series: readonly SeriesView[], maxPoints: number): Pick<SeriesReply, 'series' | 'cursor'> {
  const moments = series.flatMap(({ points }) => points.map(([atMs]) => atMs)).sort((a, b) => a - b);
  if (moments.length <= maxPoints) return { series: [...series], cursor: null };
  const [first = 0] = moments;
  const cut = moments[maxPoints] ?? first;
  const until = cut > first ? cut : moments.find((atMs) => atMs > first);
  if (until === undefined) return { series: [...series], cursor: null };
  const page = series.map((each) => ({ ...each, points: each.points.filter(([atMs]) => atMs < until) }));
  return { series: page, cursor: String(until) };
}
