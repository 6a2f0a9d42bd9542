import { stratumOf } from './cohort.js';
import type { CourseDevice } from './course-device.js';
import type { StagedRollout } from './rollout.js';
import { partOf } from './rollout-part.js';

/** The devices that a rollout gives something else than before. */
export function changedDevices(
  before: StagedRollout,
  next: StagedRollout,
  devices: readonly CourseDevice[],
): readonly string[] {
  const { stratifyBy, strata } = next.course;
  return devices.flatMap(({ device, labels }) => {
    const stands = { device, stratum: stratumOf(labels, stratifyBy, strata) };
    const isSame = JSON.stringify(partOf(before, stands)) === JSON.stringify(partOf(next, stands));
    return isSame ? [] : [device];
  });
}
