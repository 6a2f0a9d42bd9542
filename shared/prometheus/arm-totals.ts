import type { ArmWindow } from '../contract/window.js';
import { emptyHistogram, type Histogram, mergeInto } from '../evidence/histogram.js';

/** Codes of errors that an arm tells apart: of more, the others are `other`. A device may say any. */
export const maxErrorCodes = 32;

/** What an arm has done so far; histograms in microseconds. */
export interface ArmTotals {
  requests: number;
  invalid: number;
  runnerDeaths: number;
  /** Answers with known truth. */
  right: number;
  wrong: number;
  readonly errors: Map<string, number>;
  readonly compute: Histogram;
  readonly total: Histogram;
}

export function emptyArmTotals(): ArmTotals {
  const counts = { requests: 0, invalid: 0, runnerDeaths: 0, right: 0, wrong: 0 };
  return { ...counts, errors: new Map(), compute: emptyHistogram(), total: emptyHistogram() };
}

/** Adds one arm of a window, whose histograms are decoded already. */
export function addToTotals(
  into: ArmTotals,
  arm: ArmWindow,
  times: Readonly<Record<'compute' | 'total', Histogram>>,
): void {
  into.requests += arm.requests;
  into.invalid += arm.invalid;
  into.runnerDeaths += arm.runnerDeaths;
  into.right += arm.feedback?.correct ?? 0;
  into.wrong += arm.feedback?.wrong ?? 0;
  for (const [code, count] of Object.entries(arm.errors)) {
    const told = into.errors.has(code) || into.errors.size < maxErrorCodes ? code : 'other';
    into.errors.set(told, (into.errors.get(told) ?? 0) + count);
  }
  mergeInto(into.compute, times.compute);
  mergeInto(into.total, times.total);
}
