/** What one arm of one release did on one device in one minute. */
export interface CallCount {
  readonly minute: number;
  readonly calls: number;
  /** Failed, or answered with no number. */
  readonly bad: number;
  /** Took longer than the release's p99 budget. */
  readonly over: number;
  readonly deaths: number;
}

/** How long counts are kept, and over how long rates go, in minutes. */
export const keptMinutes = 15;
export const rateMinutes = 5;

/** The counts of the last quarter of an hour with one more; what is older is dropped, and what is too old to count changes nothing. */
export function withCount(counts: readonly CallCount[], count: CallCount, nowMinute: number): readonly CallCount[] {
  const fresh = counts.filter(({ minute }) => minute > nowMinute - keptMinutes);
  if (count.minute <= nowMinute - keptMinutes) return fresh;
  const known = fresh.find(({ minute }) => minute === count.minute);
  if (known === undefined) return [...fresh, count];
  return fresh.map((each) => (each === known ? added(known, count) : each));
}

/** All of them from this minute on. */
export function sumSince(counts: readonly CallCount[], minute: number): CallCount {
  const none: CallCount = { minute, calls: 0, bad: 0, over: 0, deaths: 0 };
  return counts.reduce((sum, each) => (each.minute >= minute ? added(sum, each) : sum), none);
}

function added(a: CallCount, b: CallCount): CallCount {
  return {
    minute: a.minute,
    calls: a.calls + b.calls,
    bad: a.bad + b.bad,
    over: a.over + b.over,
    deaths: a.deaths + b.deaths,
  };
}
