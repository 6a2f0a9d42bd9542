import type { Histogram } from '@bellwether/shared/evidence/histogram';
import { decodeHistogram, type WireHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { type ArmOutputs, addOutputs } from './arm-outputs.js';
import { type CourseEvidence, countedMembers, orderedSums } from './course-counted.js';
import type { EvidenceSum } from './evidence-sum.js';
import type { StagedRollout } from './rollout.js';
import { runningStep } from './rollout-part.js';
import type { VerdictInput } from './verdict/judge.js';

/** Compute times of each arm in the current step, in microseconds; null where there are none. */
export interface ArmCompute {
  readonly stable: WireHistogram | null;
  readonly canary: WireHistogram | null;
}

/** Both arms' compute times in the current step, on the devices that count. */
export function computeOf(rollout: StagedRollout, evidence: CourseEvidence): ArmCompute {
  const sums = sumsOfStep(rollout, evidence);
  const of = (arm: 'stable' | 'canary') =>
    sums.reduce<ArmOutputs | undefined>((all, { outputs }) => addOutputs(all, outputs?.[arm]), undefined)?.compute ??
    null;
  return { stable: of('stable'), canary: of('canary') };
}

/** Classes and confidence of both arms of a split or a shadow; none where the release, or a person who has seen it, says that they may differ. */
export function outputCounts(rollout: StagedRollout, evidence: CourseEvidence): VerdictInput['outputs'] {
  const isMeant = evidence.manifest?.outputNeutral === true || rollout.course.acknowledged.includes('output-shift');
  if (isMeant) return { classes: [], confidence: [] };
  const compared = sumsOfStep(rollout, evidence).filter(({ mode }) => mode !== 'full');
  const of = (what: 'classes' | 'confidence') =>
    compared.flatMap(({ mode, share, outputs, calls }) => {
      const [stable, canary] = [outputs?.stable?.[what] ?? [], outputs?.canary?.[what] ?? []];
      const part = mode === 'split' ? share / 10_000 : shadowPart(stable, canary);
      const rows = (totalOf(stable) + totalOf(canary)) / Math.max(1, calls.stable + calls.canary);
      return stable.length + canary.length === 0 ? [] : [{ share: part, stable, canary, ...(rows > 1 && { rows }) }];
    });
  return { classes: of('classes'), confidence: of('confidence') };
}

/** Both arms answer a shadow call, but the shadow's queue is short and what does not fit is dropped: a half, and less on a busy device. */
function shadowPart(stable: readonly number[], canary: readonly number[]): number {
  return totalOf(canary) / Math.max(1, totalOf(stable) + totalOf(canary));
}

function totalOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Calls that computed longer than a limit, of those in a histogram: a bucket counts when all of it is above. */
export function countAbove(compute: WireHistogram, limitMicros: number): number {
  const histogram: Histogram = decodeHistogram(compute);
  let above = histogram.overflow;
  for (const [bucket, count] of histogram.buckets.entries()) {
    if (2 ** (bucket / 32) >= limitMicros) above += count;
  }
  return above;
}

function sumsOfStep(rollout: StagedRollout, evidence: CourseEvidence): EvidenceSum[] {
  const step = runningStep(rollout)?.index;
  return countedMembers(rollout, evidence).flatMap((member) =>
    orderedSums(rollout, member, evidence).filter((sum) => sum.step === step),
  );
}
