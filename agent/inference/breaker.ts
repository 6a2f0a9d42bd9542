/**
 * The device's own breaker, which needs no network. It decides about one canary on one device; what it says is an
 * event in the failure budget and no verdict about the release.
 */

/** log of the e-value that trips it. */
export const tripLogE = Math.log(1e4);
/** The share, in hundredths of a percent, above which so little is left of stable that the calls before must do for comparison. */
const comparableShare = 5000;
const recentFailures = 0.5;
const earlierFailures = 0.05;
/** Of the last calls, so many must be there on either side to say a rate. */
const recentSize = 50;
const earlierSize = 100;

/** Bad calls of some. */
export interface CallRate {
  readonly failures: number;
  readonly calls: number;
}

/** What the breaker looks at. */
export interface BreakerCase {
  readonly mode: 'shadow' | 'split' | 'full';
  /** Hundredths of a percent. */
  readonly share: number;
  /** Natural logarithm. */
  readonly logE: number;
  /** The canary's last 50 calls. */
  readonly recent: CallRate;
  /** Stable's last 1,000 before the canary took most of the calls. */
  readonly before: CallRate;
}

/** Why the canary is switched off here, in words; undefined while it may go on. ("Five failures in a row" would trip in every outage.) */
export function tripReason({ mode, share, logE, recent, before }: BreakerCase): string | undefined {
  if (logE >= tripLogE) {
    return `the canary is worse than stable on this device: E = ${Math.exp(Math.min(logE, 700)).toExponential(1)}, its limit is 1e4`;
  }
  const isAlone = mode === 'full' || (mode === 'split' && share > comparableShare);
  if (!isAlone || recent.calls < recentSize || before.calls < earlierSize) return undefined;
  const isBroken = recent.failures >= recentFailures * recent.calls;
  const wasWell = before.failures <= earlierFailures * before.calls;
  if (!isBroken || !wasWell) return undefined;
  return `${recent.failures} of the canary’s last ${recent.calls} calls failed; of stable’s last ${before.calls} before, ${before.failures} did`;
}
