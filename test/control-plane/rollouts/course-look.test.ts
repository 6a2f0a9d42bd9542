import { expect, it } from 'vitest';
import { isBack } from '@bellwether/control-plane/rollouts/course-look';
import { partOf } from '@bellwether/control-plane/rollouts/rollout-part';
import { CourseFleet, verdictOf } from '../../support/course-fleet.js';
import { stagedRollout } from '../../support/rollouts.js';

const steps = [
  { cohort: { percent: 100 }, mode: 'split' as const, share: 50 },
  { cohort: { percent: 100 }, mode: 'full' as const, share: 100 },
];

function begun(): CourseFleet {
  const fleet = new CourseFleet(stagedRollout({ version: 1, steps }), 6);
  fleet.looked();
  fleet.reportAll();
  return fleet;
}

it('devices that decide alone are an accident twice; the third time a person looks', () => {
  const fleet = begun();
  for (const [index, name] of ['d0', 'd1', 'd2'].entries()) {
    fleet.verdict = verdictOf('inconclusive', 'single-device', { drop: [name] });
    fleet.looked();
    expect(fleet.rollout.phase).toBe(index < 2 ? 'rolling' : 'held');
  }
  expect(fleet.rollout.reason).toEqual({
    code: 'single-device',
    text: '3 devices were switched off because each of them alone decided: together they may be right',
  });
  fleet.decided('resume');
  fleet.verdict = verdictOf('inconclusive', 'gathering');
  fleet.looked();
  expect(fleet.rollout.phase).toBe('rolling');
  expect(partOf(fleet.rollout, { device: 'd0', stratum: '' }).kind).toBe('none');
});

it('a device that had no release before has nothing to go back to: it holds no rollback up', () => {
  const fleet = begun();
  const { rollout } = fleet;
  if (rollout.course === null) throw new Error('it is in steps');
  const { devices, ...look } = fleet.look();
  const [first] = devices;
  if (first === undefined || first.report === null) throw new Error('it has reported');
  expect(isBack({ ...rollout, course: rollout.course }, { ...look, devices: [first] })).toBe(false);
  expect(isBack({ ...rollout, course: rollout.course }, { ...look, devices: [{ ...first, base: null }] })).toBe(true);
});
