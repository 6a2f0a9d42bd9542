import { logAbove, logBelow, logMean } from '@bellwether/shared/evidence/e-value';
import type { EvidenceLimits } from './evidence-policy.js';
import * as say from './sentences.js';
import { type Verdict, type VerdictReason, type VerdictVersion, verdictVersion } from './verdict.js';
import { mostOfOne } from './voices.js';

/** What a device has shown in `full`, where no call is stable's. */
export interface UnpairedEvidence {
  readonly device: string;
  readonly stratum: string;
  readonly calls: number;
  /** Errors and answers that are not finite. */
  readonly bad: number;
  /** Calls that computed longer than the manifest's p99 budget. */
  readonly overBudget: number;
  /** As in DeviceEvidence. */
  readonly isIdle?: boolean;
}

/** Stable's calls beside the canary; `overBudget`: beyond the canary's p99 budget, left out where nobody measured. */
export interface UnpairedBaseline {
  readonly bad: number;
  readonly calls: number;
  readonly overBudget?: number;
}

/** Everything that a verdict without a second arm depends on. */
export interface UnpairedInput {
  readonly limits: EvidenceLimits;
  /** As in VerdictInput: those that may count, also the ones that have not been heard yet. */
  readonly devices: readonly UnpairedEvidence[];
  readonly minCalls: number;
  /** Strata in which a split step was passed, by other devices or by these while they had two arms. */
  readonly provenStrata: readonly string[];
  /** What stable did in the split steps of a stratum: an application that sends one bad request in a hundred goes on doing so. */
  readonly baseline: Readonly<Record<string, UnpairedBaseline>>;
}

/** The part of the calls that may compute longer than the budget for the 99 % quantile, by its definition; more where stable's did. */
const maxOverBudget = 0.01;

interface Found {
  readonly stratum: string;
  readonly calls: number;
  readonly bad: number;
  readonly overBudget: number;
  readonly badLimit: number;
  readonly slowLimit: number;
  readonly logBad: number;
  readonly logSlow: number;
}

/**
 * The verdict of a step in `full`: there is nothing to compare with, so absolute limits alone decide, and every sentence
 * says `unpaired`. It passes only where a split has passed in the same stratum; else a person decides.
 */
export function judgeUnpaired(input: UnpairedInput, version: VerdictVersion = verdictVersion): Verdict {
  const logLimit = -Math.log(input.limits.alpha);
  const found = [...new Set(input.devices.map(({ stratum }) => stratum))].map((name) => findingOf(name, input));
  const logHarm = Math.max(0, ...found.flatMap(({ logBad, logSlow }) => [logBad, logSlow]));
  const proven = found.filter(({ stratum }) => input.provenStrata.includes(stratum));
  const passed = proven.filter((each) => isWithin(each, input, version)).map(({ stratum }) => stratum);
  const ending = (value: Verdict['value'], reasons: VerdictReason[]): Verdict => {
    return { version, value, reasons, logHarm, logHarmLimit: logLimit, passedStrata: passed, drop: [] };
  };

  const beyond = found.filter(({ logBad, logSlow }) => Math.max(logBad, logSlow) >= logLimit);
  if (beyond.length > 0) return ending('fail', beyond.slice(0, 64).map(say.unpairedLimit));
  const unproven = found.filter(({ stratum }) => !input.provenStrata.includes(stratum));
  if (unproven.length > 0) return ending('inconclusive', unproven.slice(0, 64).map(say.unproven));
  const calls = found.reduce((sum, each) => sum + each.calls, 0);
  const open = found.filter(({ stratum }) => !passed.includes(stratum));
  if (calls < input.minCalls || open.length > 0 || found.length === 0) {
    return ending('inconclusive', [say.unpairedGathering(calls, input.minCalls)]);
  }
  return ending('pass', found.slice(0, 64).map(say.unpairedWithin));
}

function findingOf(stratum: string, { limits, devices, baseline }: UnpairedInput): Found {
  const members = devices.filter((device) => device.stratum === stratum);
  const sum = (of: (device: UnpairedEvidence) => number) => members.reduce((all, device) => all + of(device), 0);
  const before = baseline[stratum];
  const usual = (bad: number) => (before === undefined || before.calls === 0 ? 0 : bad / before.calls);
  const badLimit = Math.min(0.5, Math.max(limits.maxBad, usual(before?.bad ?? 0) * limits.maxRatio));
  const slowLimit = Math.min(0.5, Math.max(maxOverBudget, usual(before?.overBudget ?? 0) * limits.maxSlowRatio));
  return {
    stratum,
    calls: sum(({ calls }) => calls),
    bad: sum(({ bad }) => bad),
    overBudget: sum(({ overBudget }) => overBudget),
    badLimit,
    slowLimit,
    logBad: withoutAny(members, { limit: badLimit, of: ({ bad }) => bad }),
    logSlow: withoutAny(members, { limit: slowLimit, of: ({ overBudget }) => overBudget }),
  };
}

/** Evidence of more than the limit; of three devices or more the least that is left without one of them. */
function withoutAny(
  members: readonly UnpairedEvidence[],
  { limit, of }: { readonly limit: number; readonly of: (device: UnpairedEvidence) => number },
): number {
  const bad = members.reduce((sum, device) => sum + of(device), 0);
  const calls = members.reduce((sum, device) => sum + device.calls, 0);
  if (members.length < 3) return logAbove(bad, calls, limit);
  return Math.min(...members.map((device) => logAbove(bad - of(device), calls - device.calls, limit)));
}

/** Enough calls, few of them bad, and the budget kept; of version 1 whoever made the calls. */
function isWithin(found: Found, { limits, devices }: UnpairedInput, version: VerdictVersion): boolean {
  const { stratum, calls, bad, overBudget, badLimit, slowLimit } = found;
  const needed = -Math.log(limits.beta);
  if (calls === 0) return false;
  if (version === 1) return overBudget <= maxOverBudget * calls && logRare(bad, calls, badLimit) >= needed;
  const members = devices.filter((device) => device.stratum === stratum);
  return isInBudget(members, slowLimit) && rareOf(members, badLimit, needed) >= needed;
}

/** As rare as needed, one device's share of it at most max(20 %, 1/n), as with two arms: the good calls of a liar are not those of all. */
function rareOf(members: readonly UnpairedEvidence[], limit: number, needed: number): number {
  const voices = members.map(({ isIdle, calls }) => ({ isIdle: isIdle === true, isHeard: calls > 0 }));
  const most = (needed + Math.LN2) * mostOfOne(voices);
  return logMean(
    rareBets.map((bet) => members.reduce((sum, { bad, calls }) => sum + Math.min(bet(bad, calls, limit), most), 0)),
  );
}

/** Without the device that has most calls too, where there are three: it might hide what the others do. */
function isInBudget(members: readonly UnpairedEvidence[], limit: number): boolean {
  const busiest = members.toSorted((a, b) => b.calls - a.calls);
  return [busiest, ...(members.length < 3 ? [] : [busiest.slice(1)])].every((some) => {
    const sum = (of: (device: UnpairedEvidence) => number) => some.reduce((all, device) => all + of(device), 0);
    return sum(({ overBudget }) => overBudget) <= limit * sum(({ calls }) => calls);
  });
}

/** Calls without one bad among them that a stratum needs in `full`, where stable seldom errs: for whoever plans a step. */
export function cleanUnpairedCalls({ beta, maxBad }: Pick<EvidenceLimits, 'beta' | 'maxBad'>): number {
  // The better half of the mean needs no more than twice the limit, the other adds to it.
  let [below, enough] = [0, Math.ceil(Math.log(2 / beta) / logBelow(0, 1, maxBad))];
  while (enough - below > 1) {
    const middle = Math.floor((below + enough) / 2);
    if (logRare(0, middle, maxBad) >= -Math.log(beta)) enough = middle;
    else below = middle;
  }
  return enough;
}

/** Bets on a tenth and on a half of the limit, which is what stable usually does at most. */
const rareBets = [
  logBelow,
  (bad: number, calls: number, limit: number) =>
    bad * Math.log(0.5) + (calls - bad) * Math.log((1 - limit / 2) / (1 - limit)),
] as const;

/** Evidence of fewer bad calls than the limit: the mean of both. */
function logRare(bad: number, calls: number, limit: number): number {
  return logMean(rareBets.map((bet) => bet(bad, calls, limit)));
}
