import { type AlertRules, type RuleSetting, ruleFacts } from './alert-rule.js';
import { alertKey, type Reading } from './reading.js';

/** One rule, subject and device for which something is wrong (`on`), or has begun to be. Wall times in milliseconds. */
export interface Condition extends Reading {
  readonly phase: 'pending' | 'on';
  readonly sinceMs: number;
  /** When it was first seen. */
  readonly seenAtMs: number;
  /** Since when nothing is wrong any more; null: something is. */
  readonly calmSinceMs: number | null;
}

/** By rule, subject and device. */
export type Conditions = ReadonlyMap<string, Condition>;

export function conditionKey({ rule, subject, device }: Pick<Reading, 'rule' | 'subject' | 'device'>): string {
  return `${alertKey(rule, subject)} ${device ?? ''}`;
}

interface Looked {
  readonly reading: Reading | undefined;
  readonly setting: RuleSetting;
  readonly nowMs: number;
}

/**
 * One condition after one more look; undefined: nothing is wrong. It takes `forSeconds` to begin and `clearSeconds` to end,
 * and between `raise` and `clear` nothing changes: it does not flap.
 */
export function nextCondition(
  before: Condition | undefined,
  { reading, setting, nowMs }: Looked,
): Condition | undefined {
  if (reading?.value === null) return before;
  if (before?.phase === 'on') return stillOn(before, { reading, setting, nowMs });
  if (reading === undefined || !isRaised(reading, setting)) return undefined;
  const seenAtMs = before?.seenAtMs ?? nowMs;
  const sinceMs = reading.sinceMs ?? before?.sinceMs ?? nowMs;
  const phase = nowMs - seenAtMs >= setting.forSeconds * 1000 ? 'on' : 'pending';
  return { ...reading, phase, sinceMs, seenAtMs, calmSinceMs: null };
}

/** Every condition after a look at all readings. A rule that is off has none. */
export function evaluate(
  before: Conditions,
  {
    readings,
    rules,
    nowMs,
  }: { readonly readings: Iterable<Reading>; readonly rules: AlertRules; readonly nowMs: number },
): Conditions {
  const after = new Map<string, Condition>();
  const looked = new Set<string>();
  const keep = (key: string, setting: RuleSetting, reading: Reading | undefined): void => {
    const next = setting.isEnabled ? nextCondition(before.get(key), { reading, setting, nowMs }) : undefined;
    if (next !== undefined) after.set(key, next);
  };
  for (const reading of readings) {
    const key = conditionKey(reading);
    // Two sources that speak of the same: the first one counts.
    if (looked.has(key)) continue;
    looked.add(key);
    keep(key, rules[reading.rule], reading);
  }
  for (const [key, { rule }] of before) if (!looked.has(key)) keep(key, rules[rule], undefined);
  return after;
}

function stillOn(before: Condition, { reading, setting, nowMs }: Looked): Condition | undefined {
  if (reading !== undefined && !isCalm(reading, setting)) {
    const { sinceMs } = before;
    return {
      ...reading,
      phase: 'on',
      sinceMs: reading.sinceMs ?? sinceMs,
      seenAtMs: before.seenAtMs,
      calmSinceMs: null,
    };
  }
  const calmSinceMs = before.calmSinceMs ?? nowMs;
  return nowMs - calmSinceMs >= setting.clearSeconds * 1000 ? undefined : { ...before, calmSinceMs };
}

function isRaised({ rule, value }: Reading, { raise }: RuleSetting): boolean {
  if (value === null) return false;
  return ruleFacts[rule].isHighBad ? value >= raise : value <= raise;
}

function isCalm({ rule, value }: Reading, { clear }: RuleSetting): boolean {
  if (value === null) return false;
  return ruleFacts[rule].isHighBad ? value < clear : value > clear;
}
