import { slowCellsAt } from '@bellwether/shared/evidence/counters';
import type { RolloutStep } from './policy.js';
import type { EvidenceLimits } from './verdict/evidence-policy.js';
import { cleanCallsToPass } from './verdict/promotion.js';
import { cleanUnpairedCalls } from './verdict/unpaired.js';
import { areEnough, mostOfOne } from './verdict/voices.js';

/**
 * Canary calls that each stratum needs to pass a step when none of them is bad: the least that the verdict passes. A
 * canary that errs as stable does, or is slow as often, needs more.
 */
export function neededCalls({ mode, share }: Pick<RolloutStep, 'mode' | 'share'>, limits: EvidenceLimits): number {
  if (mode === 'full') return cleanUnpairedCalls(limits);
  // A shadow compares no time.
  const slow = mode === 'split' ? slowCellsAt(share / 100) : [];
  return Math.max(...(['error', ...slow] as const).map((cell) => cleanCallsToPass(limits, cell)));
}

/** Canary calls a second of a device in a step, at the rate of all calls that it answers now. */
export function canaryRate({ mode, share }: Pick<RolloutStep, 'mode' | 'share'>, callsPerSecond: number): number {
  return mode === 'full' ? callsPerSecond : (callsPerSecond * share) / 100;
}

/** What the devices of a stratum bring to a step: their canary calls a second. */
export interface StratumTraffic {
  /** What is needed of them all. */
  readonly calls: number;
  /** One for each device; 0 where none are known. */
  readonly rates: readonly number[];
}

/** True when there are calls enough to say what will come: of two devices, or of the only one. */
export function isKnown({ rates }: Pick<StratumTraffic, 'rates'>): boolean {
  return areEnough(rates.map(voiceOf));
}

/** Calls that count towards a step after so many seconds: no device gives more than its part. */
export function countedCalls(traffic: StratumTraffic, seconds: number): number {
  const most = mostCalls(traffic);
  return traffic.rates.reduce((sum, rate) => sum + Math.min(rate * seconds, most), 0);
}

/** Seconds until the calls are there; null when they never are at this traffic, or nobody knows it. */
export function secondsToPass(traffic: StratumTraffic): number | null {
  const most = mostCalls(traffic);
  const rates = traffic.rates.filter((rate) => rate > 0).toSorted((a, b) => b - a);
  let missing = traffic.calls;
  let rest = rates.reduce((sum, rate) => sum + rate, 0);
  for (const rate of rates) {
    const seconds = missing / rest;
    // The busiest of those that are left has not given its part before the others have given theirs.
    if (rate * seconds <= most * roundingSlack) return seconds;
    missing -= most;
    rest -= rate;
  }
  return missing <= 0 ? 0 : null;
}

const roundingSlack = 1 + 1e-9;

/** A device without calls is idle, and is waited for only where fewer than two others have some [docs/decisions/0014]. */
function voiceOf(rate: number) {
  return { isIdle: rate === 0, isHeard: rate > 0 };
}

function mostCalls({ calls, rates }: StratumTraffic): number {
  return mostOfOne(rates.map(voiceOf)) * calls;
}
