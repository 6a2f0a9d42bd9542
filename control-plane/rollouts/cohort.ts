import type { Labels } from '@bellwether/shared/contract/http-api';
import { cohortPosition } from '@bellwether/shared/evidence/assignment';
import type { RolloutStep } from './policy.js';
import { isFor } from './rollout.js';

/** A device that a cohort may take in. */
export interface Candidate {
  readonly device: string;
  readonly labels: Labels;
  readonly stratum: string;
}

/** The stratum of a device: the value of the label, or `''` where too few devices share it to prove anything alone. */
export function stratumOf(labels: Labels, stratifyBy: string, strata: readonly string[]): string {
  const value = labels[stratifyBy] ?? '';
  return strata.includes(value) ? value : '';
}

/** The values of a label that at least two of the devices have, sorted; `''` stands for all the others, if there are any. */
export function strataOf(devices: readonly { readonly labels: Labels }[], stratifyBy: string): string[] {
  const sizes = new Map<string, number>();
  for (const { labels } of devices) {
    const value = labels[stratifyBy] ?? '';
    sizes.set(value, (sizes.get(value) ?? 0) + 1);
  }
  const large = [...sizes].flatMap(([value, size]) => (value !== '' && size >= 2 ? [value] : []));
  const hasOthers = [...sizes].some(([value]) => !large.includes(value));
  return [...(hasOthers ? [''] : []), ...large].sort();
}

/**
 * The devices of a step's cohort, in the order in which they come in. Each keeps its place for the whole rollout, by a
 * keyed hash; percent are taken of every stratum by itself, at least one device of each, so that none is judged by
 * others' word. A number of devices is spread over the strata by their size.
 */
export function cohortOf(
  { cohort, filter = {} }: Pick<RolloutStep, 'cohort' | 'filter'>,
  candidates: readonly Candidate[],
  cohortKey: string,
): readonly string[] {
  const placed = inStratifiedOrder(candidates, cohortKey);
  const inOrder = placed.filter(({ labels }) => isFor({ labels: filter }, labels));
  if ('devices' in cohort) return inOrder.slice(0, cohort.devices).map(({ device }) => device);
  const sizes = new Map<string, number>();
  for (const { stratum } of inOrder) sizes.set(stratum, (sizes.get(stratum) ?? 0) + 1);
  const taken = new Map<string, number>();
  return inOrder.flatMap(({ device, stratum }) => {
    const count = (taken.get(stratum) ?? 0) + 1;
    taken.set(stratum, count);
    // Less than a millionth of a device is rounding, not a device.
    const most = Math.ceil((cohort.percent / 100) * (sizes.get(stratum) ?? 0) - 1e-6);
    return count <= Math.max(1, most) ? [device] : [];
  });
}

/** Every prefix of this order has each stratum in about the part that it has of the whole. */
function inStratifiedOrder(candidates: readonly Candidate[], cohortKey: string): readonly Candidate[] {
  const strata = new Map<string, { readonly candidate: Candidate; readonly position: number }[]>();
  for (const candidate of candidates) {
    const placed = { candidate, position: cohortPosition(cohortKey, candidate.device) };
    const members = strata.get(candidate.stratum);
    if (members === undefined) strata.set(candidate.stratum, [placed]);
    else members.push(placed);
  }
  return [...strata.values()]
    .flatMap((members) =>
      members
        .sort((a, b) => a.position - b.position)
        .map(({ candidate, position }, rank) => ({ candidate, position, part: (rank + 0.5) / members.length })),
    )
    .sort((a, b) => a.part - b.part || a.position - b.position)
    .map(({ candidate }) => candidate);
}
