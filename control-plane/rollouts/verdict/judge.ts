import { badInBothArms, recentSegments } from './both-arms.js';
import { contradictsItself } from './contradiction.js';
import type { EvidenceLimits } from './evidence-policy.js';
import type { DeviceEvidence } from './fleet-evidence.js';
import { type Harm, harmOf, loneVoice } from './harm.js';
import { disturbed, type Neighbour } from './interference.js';
import { logOutputShift, type OutputCounts } from './output-shift.js';
import { type CellProgress, isPromoted, promotionProgress } from './promotion.js';
import * as say from './sentences.js';
import { tallyOf } from './tally.js';
import { maxReasons, type Verdict, type VerdictReason, type VerdictVersion, verdictVersion } from './verdict.js';

/** Everything that a verdict depends on: the same input gives the same verdict, whoever asks and whenever. */
export interface VerdictInput {
  readonly limits: EvidenceLimits;
  /** Of the whole rollout, for harm. */
  readonly devices: readonly DeviceEvidence[];
  /** Of the current step alone, for promotion. */
  readonly step: readonly DeviceEvidence[];
  /** The strata of the fleet, fixed when the rollout was created. */
  readonly strata: readonly string[];
  /** Classes and confidence in the current step; empty where the release says that its outputs may differ. */
  readonly outputs: { readonly classes: readonly OutputCounts[]; readonly confidence: readonly OutputCounts[] };
  /**
   * Devices of the step that answer but whose evidence cannot be used: windows that do not decode, arms that are not the
   * ordered releases; the judge adds those whose counters cannot be. Silence is not this: it has its own rule.
   */
  readonly unmeasured: readonly string[];
  /** Canary calls that the step asks for at least. */
  readonly minCalls: number;
  /** Devices without a canary beside those on which stable became slow; absent where none did. */
  readonly neighbours?: readonly Neighbour[];
}

/**
 * The verdict of a step with two arms. Harm first: it needs 1/α, a rate that matters, and with three devices or
 * more no single one may decide. Then whether it could be measured, then what only holds, then whether there is enough.
 */
export function judge(given: VerdictInput, version: VerdictVersion = verdictVersion): Verdict {
  const input = usable(given);
  const { limits, devices } = input;
  const tally = tallyOf(devices, input.strata);
  const harm = harmOf(tally, limits);
  const needed = -Math.log(limits.alpha);
  const found = disturbed({ ...input, alpha: limits.alpha }, input.neighbours ?? []);
  const progress = promotionProgress(input.step, limits, version);
  const trouble = badInBothArms(input.step, limits);
  const besideArms = trouble === undefined ? [] : [say.bothArms(recentSegments(input.step), trouble.cell)];
  const beside = [...besideArms, ...say.idle(input.step)];
  const strata = trouble?.isOutage ? [] : passedStrata(progress);
  const made = { version, harm, needed, strata, drop: found.map(({ device }) => device), beside };

  if (harm.logE >= needed) {
    const voice = loneVoice(devices, { tally, harm, needed }, limits);
    const lone = voice !== undefined && version === 1 ? { ...voice, isAlone: true } : voice;
    if (lone === undefined)
      return verdict('fail', [say.harm(devices, harm, limits)], { ...made, strata: [], beside: [] });
    const drop = [...new Set([...made.drop, ...(lone.isAlone ? [lone.device] : [])])];
    return verdict('inconclusive', [say.singleDevice(lone, harm, needed)], { ...made, drop });
  }
  const exposed = input.step.length + input.unmeasured.length;
  if (input.unmeasured.length > limits.maxUnmeasured * exposed) {
    return verdict('error', [say.notMeasured(input.unmeasured, exposed, limits.maxUnmeasured)], made);
  }
  const holds = [...found.map(say.interference), ...shifts(input.outputs, needed)];
  if (holds.length > 0) return verdict('inconclusive', holds, made);
  if (trouble?.isOutage) return verdict('inconclusive', besideArms, { ...made, beside: say.idle(input.step) });
  const missing = say.missing(progress, input);
  if (missing.length > 0) return verdict('inconclusive', missing, made);
  return verdict('pass', [say.enough(input.step, progress)], made);
}

/** Devices whose counters cannot be are not measured; the others in one order. */
function usable(given: VerdictInput): VerdictInput {
  const wrong = new Set([...given.devices, ...given.step].filter(contradictsItself).map(({ device }) => device));
  const without = (devices: readonly DeviceEvidence[]) => byName(devices.filter(({ device }) => !wrong.has(device)));
  const ofStep = given.step.map(({ device }) => device).filter((device) => wrong.has(device));
  const unmeasured = [...new Set([...given.unmeasured, ...ofStep])];
  return { ...given, devices: without(given.devices), step: without(given.step), unmeasured };
}

/** In one order, so that the order in which devices were heard changes not even the last digit. */
function byName(devices: readonly DeviceEvidence[]): readonly DeviceEvidence[] {
  return devices.toSorted((a, b) => (a.device < b.device ? -1 : 1));
}

function passedStrata(progress: readonly CellProgress[]): string[] {
  const strata = [...new Set(progress.map(({ stratum }) => stratum))];
  return strata.filter((name) => isPromoted(progress.filter(({ stratum }) => stratum === name)));
}

function shifts(outputs: VerdictInput['outputs'], limit: number): VerdictReason[] {
  return (['classes', 'confidence'] as const).flatMap((what) => {
    const logE = logOutputShift(outputs[what]);
    return logE >= limit ? [say.outputShift(what, logE)] : [];
  });
}

interface Made {
  readonly version: VerdictVersion;
  readonly harm: Harm;
  readonly needed: number;
  readonly strata: readonly string[];
  readonly drop: readonly string[];
  /** Said after the reasons. */
  readonly beside: readonly VerdictReason[];
}

function verdict(value: Verdict['value'], reasons: readonly VerdictReason[], made: Made): Verdict {
  const { version, harm, needed, strata, drop, beside } = made;
  return {
    version,
    value,
    reasons: [...reasons.slice(0, maxReasons - beside.length), ...beside],
    logHarm: harm.logE,
    logHarmLimit: needed,
    passedStrata: [...strata],
    drop: [...drop],
  };
}
