import { type Normal, normalAt } from './forecast-normal.js';
import { findOnset, type SlopeRange } from './forecast-onset.js';
import { firstBreach, type Limit, type Line, type Outlook, outlook, resolutionOf } from './forecast-outlook.js';
import type { MinuteSeries } from './forecast-series.js';
import { type Trend, trendOf } from './forecast-trend.js';

/** Standard errors on either side of the middle: nine in ten. */
const intervalErrors = 1.645;

/** What stands out less is no outlook at all; what stands out so far is sure. */
const leastScore = 2.5;
const sureOnset = 5.2;
const sureTrend = 4;

/** Windows that a trend is looked for in while there is no daily profile. */
const trendMinutes = [240, 360, 720] as const;

/** What has been rising for hours is not drawn on for days; only what does so every day is. */
const riseHorizonMinutes = 360;
/** The morning of a daily wave looks like a trend while no profile is known: less is drawn on. */
const trendHorizonMinutes = 240;

/** Looks ahead from `minute`; null when nothing leads to the limit within the horizon. A `normal` may be some hours old. */
export function lookAhead(
  series: MinuteSeries,
  { minute, normal, limit }: { readonly minute: number; readonly normal: Normal | undefined; readonly limit: Limit },
): Outlook | null {
  const within = (minutes: number) => ({ ...limit, horizonMinutes: Math.min(limit.horizonMinutes, minutes) });
  if (normal === undefined) return alongTrends(series, { minute, limit: within(trendHorizonMinutes) });
  const rise = alongOnset(series, { minute, normal, limit: within(riseHorizonMinutes) });
  if (rise?.isSure === true) return rise;
  const steady = alongNormal(normal, minute, limit);
  return steady?.isSure === true ? steady : (rise ?? steady);
}

function alongOnset(
  series: MinuteSeries,
  { minute, normal, limit }: { readonly minute: number; readonly normal: Normal; readonly limit: Limit },
): Outlook | null {
  const onset = findOnset(series, { normal, minute, leastScore });
  if (onset === undefined) return null;
  const { minutes, slopePerMinute, score, isShift, ranges } = onset;
  const breach = ({ slope, began }: Line) => {
    return firstBreach((ahead) => normalAt(normal, minute + ahead) + slope * (began + ahead), limit);
  };
  const { earliest, latest } = extremes(ranges, limit.limit - normalAt(normal, minute));
  const isSure = score >= sureOnset && !isShift;
  const middle = { slope: slopePerMinute, began: minutes };
  return outlook({ by: 'onset', minutes, slopePerMinute, score, isSure }, { breach, middle, earliest, latest });
}

/** The lines that reach the limit first and last, as far as can be told without the time of day. */
function extremes(ranges: readonly SlopeRange[], gap: number): { readonly earliest: Line; readonly latest: Line } {
  const reached = ({ slope, began }: Line) => (slope <= 0 ? Number.POSITIVE_INFINITY : gap / slope - began);
  let earliest: Line = { slope: 0, began: 0 };
  let latest: Line | undefined;
  for (const { minutes, slowest, fastest } of ranges) {
    const fast = { slope: fastest, began: minutes };
    const slow = { slope: slowest, began: minutes };
    if (reached(fast) < reached(earliest)) earliest = fast;
    if (latest === undefined || reached(slow) > reached(latest)) latest = slow;
  }
  return { earliest, latest: latest ?? earliest };
}

/** A disk that fills by as much every day does what is normal for it, until it is full. */
function alongNormal(normal: Normal, minute: number, limit: Limit): Outlook | null {
  const { slopePerMinute, slopeError, anchorMinute } = normal;
  const score = slopePerMinute / slopeError;
  if (score < leastScore) return null;
  const breach = ({ slope }: Line) => {
    return firstBreach((ahead) => normalAt(normal, minute + ahead) + (slope - slopePerMinute) * ahead, limit);
  };
  const line = (errors: number): Line => ({ slope: slopePerMinute + errors * slopeError, began: 0 });
  const ends = { middle: line(0), earliest: line(intervalErrors), latest: line(-intervalErrors) };
  const minutes = Math.max(0, minute - anchorMinute);
  return outlook({ by: 'steady', minutes, slopePerMinute, score, isSure: score >= sureTrend }, { breach, ...ends });
}

/** The surest of the windows that lead anywhere. */
function alongTrends(
  series: MinuteSeries,
  { minute, limit }: { readonly minute: number; readonly limit: Limit },
): Outlook | null {
  let surest: Outlook | null = null;
  for (const minutes of trendMinutes) {
    const trend = trendOf(series, { minute, minutes, resolution: resolutionOf(limit) });
    const found = trend === undefined || trend.score < leastScore ? null : alongLine(trend, { minutes, limit });
    if (found !== null && (surest === null || found.score > surest.score)) surest = found;
  }
  return surest;
}

function alongLine(
  trend: Trend,
  { minutes, limit }: { readonly minutes: number; readonly limit: Limit },
): Outlook | null {
  const { middle, slopePerMinute, error, score } = trend;
  const breach = ({ slope, began }: Line) => firstBreach((ahead) => middle + slope * (began + ahead), limit);
  // The line turns about the middle of its window.
  const line = (errors: number): Line => ({ slope: slopePerMinute + errors * error, began: minutes / 2 });
  const ends = { middle: line(0), earliest: line(intervalErrors), latest: line(-intervalErrors) };
  return outlook({ by: 'trend', minutes, slopePerMinute, score, isSure: score >= sureTrend }, { breach, ...ends });
}
