import {
  type ArmCount,
  addArms,
  countOfCell,
  type GatingCell,
  noCount,
  type SegmentCounters,
  trialsOf,
} from '@bellwether/shared/evidence/counters';

/**
 * What one exposed device has shown so far. Only devices that may count are here: enrolled before the rollout, in its
 * cohort, on the ordered digest, and not one whose canary a verdict has switched off (`drop`). One that is exposed and
 * has not been heard yet is here without segments: it will have a say.
 */
export interface DeviceEvidence {
  readonly device: string;
  /** The value of the label that the rollout is stratified by; empty without it. */
  readonly stratum: string;
  /** Of this rollout, in any order; two of one epoch are as good as their sum. */
  readonly segments: readonly SegmentCounters[];
  /** It could answer calls and has had none for a whole epoch: what it has shown counts, and nobody waits for more [docs/decisions/0014]. */
  readonly isIdle?: boolean;
}

/** Bad calls of a cell, and what they are among, by arm. Of shadow, calls that were bad in both arms count in both. */
export function totalsOf(
  segments: readonly SegmentCounters[],
  cell: GatingCell,
): { readonly bad: ArmCount; readonly trials: ArmCount } {
  let bad = noCount;
  let trials = noCount;
  for (const segment of segments) {
    const count = countOfCell(segment, cell);
    if (count === undefined) continue;
    const both = segment.both[cell] ?? 0;
    bad = addArms(bad, { stable: count.stable + both, canary: count.canary + both });
    trials = addArms(trials, trialsOf(segment, cell));
  }
  return { bad, trials };
}

/** True when the device can tell bad calls of this cell from good ones. */
export function measures({ segments }: DeviceEvidence, cell: GatingCell): boolean {
  return segments.some((segment) => countOfCell(segment, cell) !== undefined);
}

/** The devices of each stratum, by its name. */
export function byStratum(devices: readonly DeviceEvidence[]): ReadonlyMap<string, readonly DeviceEvidence[]> {
  const strata = new Map<string, DeviceEvidence[]>();
  for (const device of devices) {
    const members = strata.get(device.stratum);
    if (members === undefined) strata.set(device.stratum, [device]);
    else members.push(device);
  }
  return strata;
}

/** Every segment of these devices. */
export function segmentsOf(devices: readonly DeviceEvidence[]): SegmentCounters[] {
  return devices.flatMap(({ segments }) => segments);
}
