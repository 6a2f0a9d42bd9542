import {
  type ArmCount,
  type GatingCell,
  gatingCells,
  isSlow,
  type SegmentCounters,
  segmentMs,
} from '@bellwether/shared/evidence/counters';
import type { EvidenceLimits } from './evidence-policy.js';
import { byStratum, type DeviceEvidence, measures, segmentsOf, totalsOf } from './fleet-evidence.js';
import type { Harm, LoneVoice } from './harm.js';
import type { Disturbed } from './interference.js';
import { type CellProgress, isEnough, voiceOf } from './promotion.js';
import type { VerdictReason } from './verdict.js';
import { voicesOf } from './voices.js';

/** What people call a bad call of each cell. */
const names: Readonly<Record<GatingCell, string>> = {
  error: 'errors',
  invalid: 'answers that are not finite',
  slow50: 'calls slower than half of stable’s were',
  slow90: 'calls slower than nine in ten of stable’s were',
  slow95: 'calls slower than 95 in 100 of stable’s were',
  slow99: 'calls slower than 99 in 100 of stable’s were',
  death: 'runner deaths',
  wrong: 'wrong answers',
};

/** `fail`: what the canary did, beside what stable did on the same devices at the same time. */
export function harm(
  devices: readonly DeviceEvidence[],
  { cell, stratum, logE, since }: Harm,
  limits: EvidenceLimits,
): VerdictReason {
  const touched = stratum === null ? devices : devices.filter((each) => each.stratum === stratum);
  const { bad, trials } = totalsOf(
    segmentsOf(touched).filter(({ epoch }) => epoch >= since),
    cell,
  );
  const sinceMinute = (since * segmentMs) / 60_000;
  const where = `${stratum === null ? '' : ` on ${stratum}`}${since === 0 ? '' : ` from minute ${sinceMinute} on`}`;
  const limit = 1 / limits.alpha;
  return {
    code: 'harm',
    cell,
    ...(stratum === null ? {} : { stratum }),
    text: `canary only: ${names[cell]}${where}: ${rate(bad.canary, trials.canary)} of the canary’s, ${rate(bad.stable, trials.stable)} of stable’s; E = ${number(Math.exp(logE))} ≥ ${number(limit)}`,
    numbers: { ...counts(bad, trials), sinceMinute, logE, limit: Math.log(limit) },
  };
}

/** One device alone makes the difference: it may be broken, or lie, or be the first of many. */
export function singleDevice({ device, logE, isAlone }: LoneVoice, whole: Harm, limit: number): VerdictReason {
  const numbers = `E = ${number(Math.exp(whole.logE))} with it, ${number(Math.exp(logE))} without, ${number(Math.exp(limit))} is needed`;
  return {
    code: 'single-device',
    device,
    cell: whole.cell,
    text: isAlone
      ? `${device} alone decides: ${numbers}; its canary is switched off`
      : `${device} alone would decide: ${numbers}; another device must show it too`,
    numbers: { logE: whole.logE, logEWithout: logE, limit },
  };
}

/** The canary is in stable's way on this device. */
export function interference({ device, slow, calls, neighbours, neighbourRate }: Disturbed): VerdictReason {
  const beside =
    neighbours === 0
      ? 'no device like it without a canary is there to compare with'
      : `${percent(neighbourRate)} at most on three in four of ${neighbours} devices without a canary`;
  return {
    code: 'interference',
    device,
    text: `on ${device} ${rate(slow, calls)} of stable’s calls are slower than nine in ten were before the canary came, ${beside}; its canary is switched off`,
    numbers: { slow, calls, neighbours, neighbourRate },
  };
}

/** The arms answer differently: better or worse is for a person to say. */
export function outputShift(what: 'classes' | 'confidence', logE: number): VerdictReason {
  return {
    code: 'output-shift',
    text: `the canary’s ${what} are distributed otherwise than stable’s; E = ${number(Math.exp(logE))}: a person must say whether that is meant`,
    numbers: { logE },
  };
}

/** What a step still needs, the cell that needs most first; empty when it has everything. */
export function missing(
  progress: readonly CellProgress[],
  { step, minCalls }: { readonly step: readonly DeviceEvidence[]; readonly minCalls: number },
): VerdictReason[] {
  const calls = segmentsOf(step).reduce((sum, segment) => sum + segment.calls.canary, 0);
  if (calls === 0) {
    return [{ code: 'no-evidence', text: 'the canary has not answered one call yet', numbers: { calls } }];
  }
  const untimed = timesMissing(progress, step);
  const isUntimed = ({ cell, stratum }: CellProgress) =>
    isSlow(cell) && untimed.some((each) => each.stratum === stratum);
  const open = progress.filter((each) => !isEnough(each) && !isUntimed(each)).toSorted((a, b) => a.logE - b.logE);
  const gathering = open.map(({ cell, stratum, logE, needed }): VerdictReason => {
    const where = stratum === '' ? '' : ` on ${stratum}`;
    const text = `${names[cell]}${where}: ${Math.round((Math.max(0, logE) / needed) * 100)} % of the evidence that a pass needs`;
    return { code: 'gathering', cell, stratum, text, numbers: { logE, needed } };
  });
  const reasons = [...untimed, ...gathering];
  if (calls >= minCalls) return reasons.slice(0, 64);
  const text = `${calls} calls of the canary of at least ${minCalls}`;
  return [{ code: 'gathering' as const, text, numbers: { calls, minCalls } }, ...reasons].slice(0, 64);
}

/** Strata in which slowness is asked for and no device can tell slow calls yet. */
function timesMissing(progress: readonly CellProgress[], step: readonly DeviceEvidence[]): VerdictReason[] {
  const strata = new Set(progress.flatMap(({ cell, stratum }) => (isSlow(cell) ? [stratum] : [])));
  return [...byStratum(step)].flatMap(([stratum, members]): VerdictReason[] => {
    const slow = gatingCells.filter(isSlow);
    if (!strata.has(stratum) || members.some((device) => slow.some((cell) => measures(device, cell)))) return [];
    const where = stratum === '' ? '' : ` on ${stratum}`;
    const text = `times${where} cannot be compared yet: none of ${members.length} devices has answered 1,000 calls with its stable release since its agent started`;
    return [{ code: 'gathering', stratum, text, numbers: { devices: members.length, calls: 1000 } }];
  });
}

/** Devices without calls, by stratum: said beside every verdict but `fail`. */
export function idle(step: readonly DeviceEvidence[]): VerdictReason[] {
  return [...byStratum(step)].slice(0, 16).flatMap(([stratum, members]): VerdictReason[] => {
    const names = members.flatMap(({ device, isIdle }) => (isIdle === true ? [device] : []));
    if (names.length === 0) return [];
    const some = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
    const [voices, all] = [voicesOf(members.map(voiceOf)), members.length];
    const rule =
      voices < all
        ? `${voices} of ${all} devices decide without waiting for more`
        : 'too few others have any to decide for all';
    const text = `idle${on(stratum)}: ${some} had no call for five minutes; ${rule}`;
    return [{ code: 'idle', stratum, text, numbers: { idle: names.length, devices: all } }];
  });
}

/** Stable does it too: said beside every verdict but `fail`. */
export function bothArms(segments: readonly SegmentCounters[], cell: GatingCell): VerdictReason {
  const { bad, trials } = totalsOf(segments, cell);
  return {
    code: 'both-arms',
    cell,
    text: `both arms: ${names[cell]}: ${rate(bad.canary, trials.canary)} of the canary’s, ${rate(bad.stable, trials.stable)} of stable’s in the last minutes: it is the devices, the network or the input, so taking the canary back would not help`,
    numbers: counts(bad, trials),
  };
}

/** `error`: too many devices whose counters cannot be used. */
export function notMeasured(unmeasured: readonly string[], devices: number, limit: number): VerdictReason {
  return {
    code: 'not-measured',
    text: `the evidence of ${rate(unmeasured.length, devices)} of the step’s devices cannot be used, ${limit * 100} % is the limit: it could not be measured, which is not bad`,
    numbers: { unmeasured: unmeasured.length, devices, limit },
  };
}

/** `pass`. */
export function enough(step: readonly DeviceEvidence[], progress: readonly CellProgress[]): VerdictReason {
  const { bad, trials } = totalsOf(segmentsOf(step), 'error');
  const strata = new Set(progress.map(({ stratum }) => stratum)).size;
  const where = strata > 1 ? ` in each of ${strata} strata` : '';
  return {
    code: 'enough',
    text: `enough evidence${where}: ${rate(bad.canary, trials.canary)} errors of the canary, ${rate(bad.stable, trials.stable)} of stable`,
    numbers: counts(bad, trials),
  };
}

interface Unpaired {
  readonly stratum: string;
  readonly calls: number;
  readonly bad: number;
  readonly overBudget: number;
  readonly badLimit: number;
  readonly slowLimit: number;
  readonly logBad: number;
  readonly logSlow: number;
}

/** `fail` in `full`. */
export function unpairedLimit({ stratum, slowLimit, ...numbers }: Unpaired): VerdictReason {
  const { bad, calls, overBudget, badLimit, logBad, logSlow } = numbers;
  const what =
    logBad >= logSlow
      ? `${rate(bad, calls)} bad calls, ${percent(badLimit)} is the limit`
      : `${rate(overBudget, calls)} calls beyond the budget of the 99 % quantile, ${percent(slowLimit)} is the limit`;
  const text = `unpaired${on(stratum)}: ${what}; there is no second arm to say whether it is the release`;
  return { code: 'unpaired-limit', stratum, text, numbers };
}

/** `pass` in `full`. */
export function unpairedWithin({ stratum, slowLimit: _, ...numbers }: Unpaired): VerdictReason {
  const { bad, calls, overBudget, badLimit } = numbers;
  const text = `unpaired${on(stratum)}: ${rate(bad, calls)} bad calls, less than ${percent(badLimit)}; ${rate(overBudget, calls)} beyond the budget; a split has passed before`;
  return { code: 'unpaired-within', stratum, text, numbers };
}

/** `full` where no split has passed: a person decides. */
export function unproven({ stratum, slowLimit: _, ...numbers }: Unpaired): VerdictReason {
  const text = `unpaired${on(stratum)}: no split has passed there, so there is nothing to compare with: a person must say whether to go on`;
  return { code: 'no-evidence', stratum, text, numbers };
}

/** `full` needs more calls. */
export function unpairedGathering(calls: number, minCalls: number): VerdictReason {
  return { code: 'gathering', text: `unpaired: ${calls} calls so far`, numbers: { calls, minCalls } };
}

function on(stratum: string): string {
  return stratum === '' ? '' : ` on ${stratum}`;
}

function percent(part: number): string {
  return `${(part * 100).toPrecision(2)} %`;
}

function counts(bad: ArmCount, trials: ArmCount): Record<string, number> {
  return { canaryBad: bad.canary, canaryCalls: trials.canary, stableBad: bad.stable, stableCalls: trials.stable };
}

function rate(bad: number, of: number): string {
  const pct = of === 0 ? '' : ` (${((bad / of) * 100).toPrecision(2)} %)`;
  return `${bad} of ${of}${pct}`;
}

function number(value: number): string {
  return value >= 1e6 ? value.toExponential(1) : value.toPrecision(3);
}
