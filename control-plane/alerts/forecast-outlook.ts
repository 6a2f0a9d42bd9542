import type { Forecast } from '@bellwether/shared/contract/alert';

/** The limit that a gauge should stay below, and how far ahead anybody wants to know. */
export interface Limit {
  readonly limit: number;
  readonly horizonMinutes: number;
}

/** When a gauge will reach its limit if it goes on like this. Minutes from now. */
export interface Outlook {
  /**
   * From what: a rise out of what is normal, what is normal itself where it rises from day to day, or a line through the
   * last hours where there is no daily profile yet.
   */
  readonly by: 'onset' | 'steady' | 'trend';
  /** How long it has been rising, how long was looked at, or how old what is normal is. */
  readonly minutes: number;
  readonly slopePerMinute: number;
  /** How many standard deviations it stands out. */
  readonly score: number;
  /** Sure enough to be announced. */
  readonly isSure: boolean;
  readonly breachMinutes: number;
  readonly earliestMinutes: number;
  /** Null: not within the horizon. */
  readonly latestMinutes: number | null;
}

/** What the noise of a gauge is at least taken for: a thousandth of its limit. */
export function resolutionOf({ limit }: Pick<Limit, 'limit'>): number {
  return Math.abs(limit) / 1000;
}

/** A rise of so much a minute, which began so many minutes ago. */
export interface Line {
  readonly slope: number;
  readonly began: number;
}

/** The lines of a forecast: the likeliest, and those that reach the limit first and last. */
export interface Lines {
  /** Minutes from now; null: not within the horizon. */
  readonly breach: (line: Line) => number | null;
  readonly middle: Line;
  readonly earliest: Line;
  readonly latest: Line;
}

/** What is known of a rise but when it ends. */
type Rise = Pick<Outlook, 'by' | 'minutes' | 'slopePerMinute' | 'score' | 'isSure'>;

/** When the lines reach the limit, by `breach`; null: the likeliest does not within the horizon. */
export function outlook(rise: Rise, { breach, middle, earliest, latest }: Lines): Outlook | null {
  const breachMinutes = breach(middle);
  if (breachMinutes === null) return null;
  const earliestMinutes = Math.min(breachMinutes, breach(earliest) ?? breachMinutes);
  const last = breach(latest);
  return {
    ...rise,
    breachMinutes,
    earliestMinutes,
    latestMinutes: last === null ? null : Math.max(breachMinutes, last),
  };
}

/** The first whole minute from now, at which the limit is reached; null: not within the horizon. */
export function firstBreach(valueAhead: (minutes: number) => number, { limit, horizonMinutes }: Limit): number | null {
  for (let ahead = 0; ahead <= horizonMinutes; ahead++) if (valueAhead(ahead) >= limit) return ahead;
  return null;
}

/** The outlook as an alert tells it; `nowMs` is the wall time of the minute that it looks from. */
export function forecastOf({ breachMinutes, earliestMinutes, latestMinutes }: Outlook, nowMs: number): Forecast {
  const at = (minutes: number) => nowMs + minutes * 60_000;
  return {
    atMs: at(breachMinutes),
    earliestMs: at(earliestMinutes),
    latestMs: latestMinutes === null ? null : at(latestMinutes),
  };
}
