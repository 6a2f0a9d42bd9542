import { EvidenceWindow } from '@bellwether/shared/contract/evidence-window';
import type { ArmWindow } from '@bellwether/shared/contract/window';
import {
  type ArmCount,
  addArms,
  addCounts,
  type GatingCell,
  gatingCells,
  isSlow,
  type SegmentCounters,
  segmentMs,
} from '@bellwether/shared/evidence/counters';
import { type Static, Type } from '@bellwether/shared/schema';
import { ArmOutputs, addOutputs, outputsOf } from './arm-outputs.js';
import type { RolloutStep } from './policy.js';

const { step, mode, share, stable, canary, calls, runnerMs, labelled, cells, both } = EvidenceWindow.properties;

/**
 * What a device has counted in a stretch of a rollout: the sum of its windows, in whatever order they came. `epoch`: which
 * five minutes since the rollout was created.
 */
export const EvidenceSum = Type.Object({
  epoch: Type.Integer({ minimum: 0 }),
  step,
  mode,
  share,
  stable,
  canary,
  calls,
  runnerMs,
  labelled,
  cells,
  both,
  /** Left out where no window brought any. */
  outputs: Type.Optional(Type.Object({ stable: Type.Optional(ArmOutputs), canary: Type.Optional(ArmOutputs) })),
});
export type EvidenceSum = Static<typeof EvidenceSum>;

/** What a device said of one segment in one window, and the arms of that window. */
export interface CountedWindow {
  readonly window: EvidenceWindow;
  readonly arms: readonly ArmWindow[];
}

/**
 * What stays apart in the counters: sums of equal keys add up. Calls before slow ones could be told are no calls that were
 * not slow, so that they are not added to those after.
 */
export function sumKey({ step, epoch, mode, share, stable, canary, cells }: EvidenceSum): string {
  const slow = gatingCells.filter((cell) => isSlow(cell) && cells[cell] !== undefined).length;
  return [step, epoch, mode, share, stable, canary, ...(slow > 0 ? [slow] : [])].join(' ');
}

/**
 * One window's part of a sum. The device's clock says when; it can neither be before the rollout nor in the future, so that
 * a wrong clock makes no more epochs than there are.
 */
export function sumOf({ window, arms }: CountedWindow, createdAtMs: number, arrivedAtMs: number): EvidenceSum {
  const at = Math.min(Math.max(window.startedAtMs, createdAtMs), Math.max(arrivedAtMs, createdAtMs));
  const epoch = Math.floor((at - createdAtMs) / segmentMs);
  const { step, mode, share, stable, canary, calls, runnerMs, labelled, cells, both } = window;
  const of = (arm: ArmWindow['arm'], manifest: string) => {
    const found = arms.find((each) => {
      return (
        each.model === window.model && each.arm === arm && each.segment === window.segment && each.manifest === manifest
      );
    });
    const counted = arm === 'stable' ? calls.stable : calls.canary;
    return found === undefined ? undefined : outputsOf(found, mode !== 'split' || found.requests === counted);
  };
  const outputs = bothArms(of('stable', stable), of(mode === 'shadow' ? 'shadow' : 'canary', canary));
  return {
    epoch,
    step,
    mode,
    share,
    stable,
    canary,
    calls,
    runnerMs,
    labelled,
    cells,
    both,
    ...(outputs !== undefined && { outputs }),
  };
}

/** What counters of a device must be of to be used: the releases and steps that it was ordered. */
export interface CountedRollout {
  readonly createdAtMs: number;
  readonly manifest: string;
  readonly steps: readonly Pick<RolloutStep, 'mode' | 'share'>[];
  /** Manifest of the device's stable release. */
  readonly base: string;
}

/** True for counters at a step's own mode and share, on the rollout's release and the device's own stable one. */
export function isOrdered(
  { manifest, steps, base }: Omit<CountedRollout, 'createdAtMs'>,
  sum: Pick<EvidenceSum, 'step' | 'mode' | 'share' | 'stable' | 'canary'>,
): boolean {
  const step = steps[sum.step];
  const isStable = sum.stable === base || sum.mode === 'full';
  return sum.canary === manifest && isStable && step?.mode === sum.mode && Math.round(step.share * 100) === sum.share;
}

/**
 * What is kept of a window: its sum, or, of anything that was not ordered, no more than that it came. What a device makes up
 * must not become rows and memory of its own choice.
 */
export function keptSum(counted: CountedWindow, rollout: CountedRollout, arrivedAtMs: number): EvidenceSum | undefined {
  const sum = sumOf(counted, rollout.createdAtMs, arrivedAtMs);
  // In `full` nothing is stable's: whatever release it names has counted nothing.
  if (isOrdered(rollout, sum)) return sum.mode === 'full' ? { ...sum, stable: rollout.base } : sum;
  if (rollout.steps[sum.step] === undefined) return undefined;
  const none = { stable: 0, canary: 0 };
  const { step } = sum;
  const nobody = '0'.repeat(64);
  const about = { step, epoch: 0, mode: 'split', share: 0, stable: nobody, canary: nobody } as const;
  return { ...about, calls: none, runnerMs: none, labelled: none, cells: {}, both: {} };
}

/** Both added up; of the key of the first. */
export function addSums(a: EvidenceSum, b: EvidenceSum): EvidenceSum {
  const cells: Partial<Record<GatingCell, ArmCount>> = {};
  const both: Partial<Record<GatingCell, number>> = {};
  for (const cell of gatingCells) {
    const [one, other] = [a.cells[cell], b.cells[cell]];
    const sum = one === undefined ? other : other === undefined ? one : addArms(one, other);
    if (sum !== undefined) cells[cell] = sum;
    if (a.both[cell] !== undefined || b.both[cell] !== undefined) {
      both[cell] = addCounts(a.both[cell] ?? 0, b.both[cell] ?? 0);
    }
  }
  const outputs = bothArms(
    addOutputs(a.outputs?.stable, b.outputs?.stable),
    addOutputs(a.outputs?.canary, b.outputs?.canary),
  );
  return {
    ...a,
    ...(outputs !== undefined && { outputs }),
    calls: addArms(a.calls, b.calls),
    runnerMs: addArms(a.runnerMs, b.runnerMs),
    labelled: addArms(a.labelled, b.labelled),
    cells,
    both,
  };
}

/** A sum as the verdict takes it; undefined for `full`, which has no second arm. Shares become 0 … 1. */
export function segmentOf({
  epoch,
  mode,
  share,
  calls,
  runnerMs,
  labelled,
  cells,
  both,
}: EvidenceSum): SegmentCounters | undefined {
  if (mode === 'full') return undefined;
  return { epoch, mode, share: share / 10_000, calls, runnerMs, labelled, cells, both };
}

function bothArms(stable: ArmOutputs | undefined, canary: ArmOutputs | undefined): EvidenceSum['outputs'] {
  if (stable === undefined && canary === undefined) return undefined;
  return { ...(stable !== undefined && { stable }), ...(canary !== undefined && { canary }) };
}
