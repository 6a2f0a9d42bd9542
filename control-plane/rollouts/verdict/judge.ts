import type { EvidenceLimits } from './evidence-policy.js';
import { type DeviceEvidence, segmentsOf, totalsOf } from './fleet-evidence.js';
import { type Harm, harmOf, tallyOf, weakestWithoutOne } from './harm.js';
import { isDisturbed } from './interference.js';
import { logOutputShift, type OutputCounts } from './output-shift.js';
import { type CellProgress, isPromoted, promotionProgress } from './promotion.js';
import * as say from './sentences.js';
import { type Verdict, type VerdictReason, verdictVersion } from './verdict.js';

/** Everything that a verdict depends on: the same input gives the same verdict, whoever asks and whenever. */
export interface VerdictInput {
  readonly limits: EvidenceLimits;
  /** Of the whole rollout, for harm. */
  readonly devices: readonly DeviceEvidence[];
  /** Of the current step alone, for promotion. */
  readonly step: readonly DeviceEvidence[];
  /** The strata of the fleet, fixed when the rollout was created. */
  readonly strata: readonly string[];
  /** How much slower stable became on devices of a stratum without a canary; 1 where none is known. */
  readonly drift: Readonly<Record<string, number>>;
  /** Classes and confidence in the current step; empty where the release says that its outputs may differ. */
  readonly outputs: { readonly classes: readonly OutputCounts[]; readonly confidence: readonly OutputCounts[] };
  /** Canary calls that the step asks for at least. */
  readonly minCalls: number;
}

/**
 * The verdict of a step with two arms. Harm first: it needs 1/α, a rate that matters, and with three devices or
 * more no single one may decide. Then what only holds. Then whether there is enough to go on.
 */
export function judge(input: VerdictInput): Verdict {
  const { limits, devices, strata } = input;
  const harm = harmOf(tallyOf(devices, strata), limits.toleratedRatio);
  const logHarmLimit = -Math.log(limits.alpha);
  const disturbed = input.step.filter((each) => isDisturbed(each, input.drift[each.stratum] ?? 1, limits.alpha));
  const progress = promotionProgress(input.step, limits);
  const made = { harm, logHarmLimit, progress, drop: disturbed.map(({ device }) => device) };

  if (harm.logE >= logHarmLimit && isWorthIt(devices, harm, limits)) {
    const weakest = weakestWithoutOne(devices, strata, limits.toleratedRatio);
    if (weakest === undefined || weakest.logE >= logHarmLimit) {
      return verdict('fail', [say.harm(devices, harm, limits)], made);
    }
    const drop = [...new Set([...made.drop, weakest.device])];
    return verdict('inconclusive', [say.singleDevice(weakest, harm, logHarmLimit)], { ...made, drop });
  }
  const holds = [...disturbed.map((each) => say.interference(each)), ...shifts(input.outputs, logHarmLimit)];
  if (holds.length > 0) return verdict('inconclusive', holds, made);
  const missing = say.missing(progress, input);
  if (missing.length > 0) return verdict('inconclusive', missing, made);
  return verdict('pass', [say.enough(input.step, progress)], made);
}

/** Harm that touches almost nobody takes nothing back. */
function isWorthIt(devices: readonly DeviceEvidence[], { cell, stratum }: Harm, limits: EvidenceLimits): boolean {
  const touched = stratum === null ? devices : devices.filter((each) => each.stratum === stratum);
  const { bad, trials } = totalsOf(segmentsOf(touched), cell);
  return bad.canary >= limits.ignoreBelow * trials.canary;
}

function shifts(outputs: VerdictInput['outputs'], limit: number): VerdictReason[] {
  return (['classes', 'confidence'] as const).flatMap((what) => {
    const logE = logOutputShift(outputs[what]);
    return logE >= limit ? [say.outputShift(what, logE)] : [];
  });
}

interface Made {
  readonly harm: Harm;
  readonly logHarmLimit: number;
  readonly progress: readonly CellProgress[];
  readonly drop: readonly string[];
}

function verdict(value: Verdict['value'], reasons: VerdictReason[], made: Made): Verdict {
  const { harm, logHarmLimit, progress, drop } = made;
  const strata = [...new Set(progress.map(({ stratum }) => stratum))];
  const passedStrata = strata.filter((name) => isPromoted(progress.filter(({ stratum }) => stratum === name)));
  return { version: verdictVersion, value, reasons, logHarm: harm.logE, logHarmLimit, passedStrata, drop: [...drop] };
}
