import { expect, it } from 'vitest';
import { CourseFleet } from '../../support/course-fleet.js';
import { stagedRollout } from '../../support/rollouts.js';

const split = (share: number, approval: boolean) => {
  return { cohort: { percent: 100 }, mode: 'split' as const, share, approval };
};
const full = { cohort: { percent: 100 }, mode: 'full' as const, share: 100 };

it('who promotes to the end gets as far as the first step that asks for another pair of eyes', () => {
  const steps = [split(5, false), split(10, false), split(50, true), full];
  const fleet = new CourseFleet(stagedRollout({ version: 1, steps }), 3);
  fleet.looked();
  fleet.looked();
  fleet.decided('promote', { all: true });
  expect(fleet.rollout).toMatchObject({ phase: 'waiting', reason: { code: 'approval' }, course: { step: 2 } });
  fleet.decided('approve');
  fleet.decided('promote', { all: true });
  expect(fleet.rollout.phase).toBe('done');
});
