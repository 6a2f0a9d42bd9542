import type { SeriesReply } from './series-api.js';

/** An answer as CSV (RFC 4180): a line per point, times in ISO 8601. Names are ours, or were checked: none needs quotes. */
export function csvOf({ metric, unit, series }: Pick<SeriesReply, 'metric' | 'unit' | 'series'>): string {
  const lines = series.flatMap(({ release, arm, label, device, points }) =>
    points.map(([atMs, value]) =>
      [new Date(atMs).toISOString(), metric, unit, release ?? '', arm ?? '', label ?? '', device ?? '', value].join(
        ',',
      ),
    ),
  );
  return ['time,metric,unit,release,arm,label,device,value', ...lines, ''].join('\r\n');
}
