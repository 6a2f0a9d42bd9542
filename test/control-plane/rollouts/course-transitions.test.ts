import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RolloutAction } from '@bellwether/control-plane/http/rollout-api';
import { presentMembers, tooManyFailures } from '@bellwether/control-plane/rollouts/course-tally';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { isStaged, type StagedRollout } from '@bellwether/control-plane/rollouts/rollout';
import { partOf } from '@bellwether/control-plane/rollouts/rollout-part';
import { CourseFleet, verdictOf } from '../../support/course-fleet.js';
import { stagedRollout } from '../../support/rollouts.js';

const minute = 60_000;
const policy: RolloutPolicy = {
  version: 1,
  steps: [
    { cohort: { percent: 10 }, mode: 'split', share: 5, timeLimitSeconds: 3600 },
    { cohort: { percent: 50 }, mode: 'split', share: 50, holdSeconds: 60, timeLimitSeconds: 3600 },
    { cohort: { percent: 100 }, mode: 'full', share: 100, approval: true, timeLimitSeconds: 3600 },
  ],
  maxInFlight: 3,
  failureBudget: { devices: 1 },
  silent: { afterSeconds: 600, counts: 'skip' },
  joiners: 'cohort',
};
const course = ({ rollout }: CourseFleet) => {
  if (!isStaged(rollout)) throw new Error('it has steps');
  return rollout.course;
};
const ordered = ({ rollout }: CourseFleet) =>
  [...rollout.members.values()].filter(({ isOrdered }) => isOrdered).map(({ device }) => device);
const pass = verdictOf('pass', 'enough', { passedStrata: [''] });
const gathering = verdictOf('inconclusive', 'gathering');

/** Until nothing changes: what devices and the conductor do without a person. */
function settle(fleet: CourseFleet): void {
  for (let round = 0; round < 40; round++) {
    fleet.looked();
    fleet.reportAll();
    if (fleet.rollout.phase === 'rolling') fleet.nowMs += minute;
  }
}

describe('a rollout in steps', () => {
  it('goes through its cohorts and shares, asks before the step that needs it, and is done', () => {
    const fleet = new CourseFleet(stagedRollout(policy), 20);
    fleet.looked();
    expect([fleet.rollout.phase, course(fleet).step, ordered(fleet)]).toEqual(['rolling', 0, expect.any(Array)]);
    expect(ordered(fleet)).toHaveLength(2);
    fleet.reportAll();
    fleet.looked();
    expect(course(fleet).step).toBe(0); // no evidence yet
    fleet.verdict = pass;
    settle(fleet);
    expect([fleet.rollout.phase, fleet.rollout.reason?.code, course(fleet).step]).toEqual(['waiting', 'approval', 2]);
    expect(ordered(fleet)).toHaveLength(10);
    // Until then the devices stay in the step before.
    expect(partOf(fleet.rollout, { device: ordered(fleet)[0] ?? '', stratum: '' })).toMatchObject({
      canary: { step: 1, share: 5000, mode: 'split' },
    });
    fleet.decided('approve');
    settle(fleet);
    expect(fleet.rollout.phase).toBe('done');
    expect(partOf(fleet.rollout, { device: 'd3', stratum: '' })).toMatchObject({ kind: 'release' });
  });

  it('is taken back at once when the evidence says harm, also while it is paused', () => {
    const fleet = new CourseFleet(stagedRollout(policy), 20);
    fleet.looked();
    fleet.reportAll();
    fleet.decided('pause');
    fleet.verdict = verdictOf('fail', 'harm');
    fleet.looked();
    expect([fleet.rollout.phase, fleet.rollout.reason]).toEqual([
      'rolling-back',
      { code: 'harm', text: 'because of harm' },
    ]);
    expect(partOf(fleet.rollout, { device: 'd0', stratum: '' })).toEqual({ kind: 'none' });
    fleet.looked();
    expect(fleet.rollout.phase).toBe('rolling-back'); // the devices have not said so yet
    fleet.reportAll();
    fleet.looked();
    expect(fleet.rollout.phase).toBe('rolled-back');
  });

  it('holds for a person at the time limit, and goes on when he has seen why', () => {
    const fleet = new CourseFleet(stagedRollout(policy), 20);
    fleet.verdict = gathering;
    settle(fleet);
    expect(fleet.rollout.phase).toBe('rolling');
    fleet.nowMs += 60 * minute;
    fleet.looked();
    expect([fleet.rollout.phase, fleet.rollout.reason?.code]).toEqual(['held', 'time-limit']);
    fleet.decided('resume');
    fleet.looked();
    expect(fleet.rollout.phase).toBe('rolling');
    fleet.decided('promote', { why: 'measured elsewhere' });
    expect([fleet.rollout.phase, course(fleet).step]).toEqual(['rolling', 1]);
  });

  it('leaves a stratum behind that has not passed at the time limit, and brings the others to the end', () => {
    const hardware = (index: number) => ({ hardware: index % 2 === 0 ? 'a' : 'b' });
    const rollout = stagedRollout(policy, { strata: ['a', 'b'] });
    const fleet = new CourseFleet(rollout, 20, hardware);
    fleet.verdict = { ...gathering, passedStrata: ['a'] };
    settle(fleet);
    fleet.nowMs += 60 * minute;
    fleet.looked();
    expect([fleet.rollout.phase, course(fleet).step, course(fleet).leftStrata]).toEqual(['rolling', 1, ['b']]);
    fleet.verdict = { ...pass, passedStrata: ['a'] };
    settle(fleet);
    fleet.decided('approve');
    settle(fleet);
    expect(fleet.rollout.phase).toBe('done');
    expect(partOf(fleet.rollout, { device: 'd2', stratum: 'a' }).kind).toBe('release');
    expect(partOf(fleet.rollout, { device: 'd1', stratum: 'b' }).kind).toBe('none');
  });

  it('lets a failure be when a person has seen it, and a retried device starts over', () => {
    const fleet = new CourseFleet(stagedRollout({ ...policy, failureBudget: { devices: 0 } }), 20);
    fleet.looked();
    const [first = ''] = ordered(fleet);
    fleet.report(first, 'refused');
    fleet.decided('pause');
    fleet.decided('resume');
    fleet.looked();
    expect(fleet.rollout.phase).toBe('rolling');
    fleet.decided('retry');
    fleet.looked();
    expect(fleet.rollout.members.get(first)).toMatchObject({ isOrdered: true, attempt: 1, acknowledged: null });
    fleet.report(first, 'refused');
    fleet.looked();
    expect([fleet.rollout.phase, fleet.rollout.reason?.code]).toEqual(['rolling-back', 'failure-budget']);
  });

  it('orders no device that is not there, and none outside the maintenance window', () => {
    const fleet = new CourseFleet(stagedRollout(policy), 20);
    fleet.isWindowOpen = false;
    fleet.looked();
    expect(ordered(fleet)).toEqual([]);
    fleet.isWindowOpen = true;
    const [first = ''] = [...fleet.rollout.members.keys()];
    fleet.setOnline(first, false);
    fleet.looked();
    expect(ordered(fleet)).not.toContain(first);
    fleet.setOnline(first, true);
    fleet.looked();
    expect(ordered(fleet)).toContain(first);
  });

  it('is held when nobody is in a cohort', () => {
    const fleet = new CourseFleet(stagedRollout(policy), 0);
    fleet.looked();
    expect([fleet.rollout.phase, fleet.rollout.reason?.code]).toEqual(['held', 'empty-cohort']);
  });
});

type Happening = ((fleet: CourseFleet) => void) & { decides?: true };
const isDecision = (happening: Happening) => happening.decides === true;
const names = fc.integer({ min: 0, max: 14 }).map((index) => `d${index}`);
const states = fc.constantFrom('installing', 'ready', 'ready', 'ready', 'refused', 'tripped', 'no-room' as const);
const actions = fc.constantFrom<RolloutAction[]>('approve', 'pause', 'resume', 'retry', 'promote', 'abort', 'rollback');
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Happening>((fleet) => fleet.looked()) },
  {
    weight: 8,
    arbitrary: fc.tuple(names, states).map(
      ([name, state]): Happening =>
        (fleet) =>
          fleet.report(name, state),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Happening>((fleet) => fleet.reportAll()) },
  {
    weight: 2,
    arbitrary: actions.map(
      (action): Happening => Object.assign((fleet: CourseFleet) => fleet.decided(action), { decides: true as const }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(names, fc.boolean()).map(
      ([name, is]): Happening =>
        (fleet) =>
          fleet.setOnline(name, is),
    ),
  },
  {
    weight: 1,
    arbitrary: names.map(
      (name): Happening =>
        (fleet) =>
          fleet.join(name),
    ),
  },
  {
    weight: 1,
    arbitrary: names.map(
      (name): Happening =>
        (fleet) =>
          void fleet.devices.delete(name),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 0, max: 3600 }).map(
      (seconds): Happening =>
        (fleet) =>
          void (fleet.nowMs += seconds * 1000),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(pass, pass, gathering, verdictOf('fail', 'harm'), verdictOf('inconclusive', 'output-shift'), {
        ...verdictOf('inconclusive', 'single-device'),
        drop: ['d1'],
      })
      .map(
        (verdict): Happening =>
          (fleet) =>
            void (fleet.verdict = verdict),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.boolean().map(
      (is): Happening =>
        (fleet) =>
          void (fleet.isWindowOpen = is),
    ),
  },
);

const present = (fleet: CourseFleet, rollout: StagedRollout) =>
  presentMembers(rollout, new Map(fleet.look().devices.map((each) => [each.device, each])));

describe('whatever happens in whatever order', () => {
  it('holds what a rollout promises', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 1, maxLength: 60 }), (happenings) => {
        const fleet = new CourseFleet(stagedRollout(policy), 12);
        let isPaused = false;
        for (const happen of happenings) {
          const before = fleet.rollout;
          happen(fleet);
          const after = fleet.rollout;
          if (!isStaged(before) || !isStaged(after)) throw new Error('it has steps');
          // Only a person’s word, or harm, ends a pause.
          if (before.phase === 'paused' && !isDecision(happen))
            expect(['paused', 'rolling-back']).toContain(after.phase);
          // No step starts, and no device is ordered, after a pause.
          isPaused ||= after.phase === 'paused';
          if (isPaused && after.phase === 'paused') {
            expect([after.course.step, after.course.stepStartedAtMs]).toEqual([
              before.course.step,
              before.course.stepStartedAtMs,
            ]);
            expect(ordered(fleet).length).toBeLessThanOrEqual(
              [...before.members.values()].filter((m) => m.isOrdered).length,
            );
          }
          if (after.phase !== 'paused') isPaused = false;
          // Cohorts only grow.
          for (const device of before.members.keys()) expect(after.members.has(device)).toBe(true);
          // What is taken back stays so, and nobody keeps a canary of it.
          if (before.phase === 'rolling-back' || before.phase === 'rolled-back' || before.phase === 'aborted') {
            expect(before.phase === 'rolling-back' ? ['rolling-back', 'rolled-back'] : [before.phase]).toContain(
              after.phase,
            );
            for (const device of after.members.keys()) expect(partOf(after, { device, stratum: '' }).kind).toBe('none');
          }
          // The step that needs a person’s word does not begin without it.
          if (after.course.step === 2 && after.course.stepStartedAtMs !== null)
            expect(after.course.approvedStep).toBe(2);
          // Not more installs at once than the policy lets be.
          const inFlight = present(fleet, after).filter(({ stands }) => stands.isInFlight).length;
          if (after !== before)
            expect(inFlight).toBeLessThanOrEqual(
              Math.max(
                policy.maxInFlight ?? 0,
                present(fleet, before).filter(({ stands }) => stands.isInFlight).length,
              ),
            );
          // A look leaves no more failures than the budget has.
          if (after.phase === 'rolling' && before.phase === 'rolling') {
            fleet.looked();
            const now = fleet.rollout;
            if (isStaged(now) && now.phase === 'rolling') {
              expect(tooManyFailures(now, present(fleet, now), fleet.devices.size)).toBeUndefined();
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
