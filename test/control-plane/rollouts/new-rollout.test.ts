import { expect, it } from 'vitest';
import type { CourseDevice } from '@bellwether/control-plane/rollouts/course-device';
import { newCourse } from '@bellwether/control-plane/rollouts/new-rollout';
import { presets } from '@bellwether/control-plane/rollouts/policy-presets';
import { maxStrata } from '@bellwether/control-plane/rollouts/verdict/evidence-policy';

/** Two devices on each of so many sites. */
function onSites(count: number): CourseDevice[] {
  return Array.from({ length: 2 * count }, (_, i) => ({
    device: `d${i}`,
    labels: { site: `s${i % count}` },
    isOnline: true,
    silentMs: 0,
    enrolledAtMs: 0,
    report: null,
    order: undefined,
    base: 'a'.repeat(64),
    apart: null,
  }));
}

it('a label with more values than a verdict can name is refused with the number', () => {
  const policy = { ...presets.hotfix, evidence: { stratifyBy: 'site' } };
  const keys = { cohortKey: '0'.repeat(32), salt: '1'.repeat(32) };
  const courseOn = (sites: number) =>
    newCourse({
      name: 'custom',
      policy,
      devices: onSites(sites),
      keys,
      nowMs: 0,
      callsPerSecond: () => 0,
      keepsState: false,
    });
  expect(courseOn(maxStrata).strata).toHaveLength(maxStrata);
  expect(() => courseOn(maxStrata + 1)).toThrow(/the label site makes 65 strata, .* 64 is the most/);
});
