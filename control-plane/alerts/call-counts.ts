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
  const oldest = nowMinute - keptMinutes;
  const last = counts.at(-1);
  // Mostly: one more window of this minute, and nothing to drop.
  if (last?.minute === count.minute && (counts[0]?.minute ?? 0) > oldest)
    return [...counts.slice(0, -1), added(last, count)];
  const fresh = counts.filter(({ minute }) => minute > oldest);
  if (count.minute <= oldest) return fresh;
  const known = fresh.find(({ minute }) => minute === count.minute);
  if (known === undefined) return [...fresh, count];
  return fresh.map((each) => (each === known ? added(known, count) : each));
}

/** All of them from this minute on. */
export function sumSince(counts: readonly CallCount[], minute: number): CallCount {
  let [calls, bad, over, deaths] = [0, 0, 0, 0];
  // Asked of every device at every look: no object for each minute.
  for (const each of counts) {
    if (each.minute < minute) continue;
    calls += each.calls;
    bad += each.bad;
    over += each.over;
    deaths += each.deaths;
  }
  return { minute, calls, bad, over, deaths };
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
