import { describe, expect, it } from 'vitest';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { isStaged, type StagedRollout } from '@bellwether/control-plane/rollouts/rollout';
import { partOf } from '@bellwether/control-plane/rollouts/rollout-part';
import { CourseFleet, verdictOf } from '../../support/course-fleet.js';
import { stagedRollout } from '../../support/rollouts.js';

/** What docs/operations.md says under "Rules", one test each; who is in no cohort is in course-transitions. */

const policy: RolloutPolicy = {
  version: 1,
  steps: [
    { cohort: { percent: 50 }, mode: 'split', share: 50, timeLimitSeconds: 3600 },
    { cohort: { percent: 100 }, mode: 'split', share: 50, timeLimitSeconds: 3600 },
  ],
  failureBudget: { devices: 0 },
};
const silent = (counts: 'wait' | 'skip' | 'fail'): RolloutPolicy => ({
  ...policy,
  silent: { afterSeconds: 60, counts },
});
const pass = verdictOf('pass', 'enough', { passedStrata: ['', 'a', 'b'] });
const staged = ({ rollout }: CourseFleet): StagedRollout => {
  if (!isStaged(rollout)) throw new Error('it has steps');
  return rollout;
};
const members = (fleet: CourseFleet) => [...fleet.rollout.members.keys()];

/** Begun, and its first cohort has it up. */
function begun(of: RolloutPolicy, changes: Parameters<typeof stagedRollout>[1] = {}): CourseFleet {
  const hardware = (index: number) => ({ hardware: index % 2 === 0 ? 'a' : 'b' });
  const fleet = new CourseFleet(stagedRollout(of, changes), 8, hardware);
  fleet.looked();
  fleet.reportAll();
  return fleet;
}

/** As far as the evidence carries it. */
function pursue(fleet: CourseFleet): void {
  fleet.verdict = pass;
  for (let round = 0; round < 8; round++) {
    fleet.looked();
    fleet.reportAll();
  }
}

describe('a device', () => {
  it('that is decommissioned is waited for no more, and the others come to the end', () => {
    const fleet = begun(policy);
    const [gone = ''] = members(fleet);
    fleet.devices.delete(gone);
    pursue(fleet);
    expect(fleet.rollout.phase).toBe('done');
  });

  it('whose label changes stays in its cohort and in its stratum, and moves nobody else', () => {
    const fleet = begun(policy, { strata: ['a', 'b'] });
    const before = new Map(fleet.rollout.members);
    for (const device of fleet.devices.values()) device.labels = { hardware: 'c' };
    fleet.looked();
    fleet.reportAll();
    fleet.looked();
    expect(new Map(fleet.rollout.members)).toEqual(before);
    pursue(fleet);
    for (const [device, { stratum }] of before) expect(fleet.rollout.members.get(device)?.stratum).toBe(stratum);
  });

  it.each([
    ['skip', 'done', undefined],
    ['wait', 'held', 'time-limit'],
    ['fail', 'rolled-back', 'failure-budget'],
  ] as const)('that is away for the whole rollout: %s makes it %s', (counts, phase, code) => {
    const fleet = begun(silent(counts));
    for (const name of ['d0', 'd1']) fleet.setOnline(name, false);
    fleet.nowMs += 120_000;
    pursue(fleet);
    fleet.nowMs += 3_600_000;
    pursue(fleet);
    expect([fleet.rollout.phase, fleet.rollout.reason?.code]).toEqual([phase, code]);
    // What it was not there for waits for it: never a success, and no longer a canary.
    const part = partOf(fleet.rollout, { device: 'd0', stratum: '' }).kind;
    expect(part).toBe(phase === 'done' ? 'release' : phase === 'held' ? part : 'none');
  });

  it.each([
    [{ failureBudget: { percentOfAll: 25 } }, 'done', undefined],
    [{ failureBudget: { devices: 0 } }, 'held', 'time-limit'],
    [{}, 'held', 'time-limit'],
  ] as const)('that is late: by %j the others are %s', (budget, phase, code) => {
    const fleet = new CourseFleet(stagedRollout({ version: 1, steps: policy.steps, ...budget }), 8);
    fleet.looked();
    const late = members(fleet)[0] ?? '';
    const others = () => members(fleet).filter((name) => name !== late);
    fleet.verdict = pass;
    for (let round = 0; round < 4; round++) {
      for (const name of others()) fleet.report(name, 'ready');
      fleet.looked();
    }
    expect([fleet.rollout.phase, staged(fleet).course.step]).toEqual(['rolling', 0]);
    fleet.nowMs += 3_600_000;
    for (let round = 0; round < 8; round++) {
      fleet.looked();
      for (const name of others()) fleet.report(name, 'ready');
    }
    expect([fleet.rollout.phase, fleet.rollout.reason?.code]).toEqual([phase, code]);
    const held = { code: 'time-limit', text: 'step 1 is over its 1.0 h: 1 device is still on the way' };
    if (phase === 'held') expect(fleet.rollout.reason).toEqual(held);
    else expect(partOf(fleet.rollout, { device: late, stratum: '' })).toEqual({ kind: 'none' });
  });

  it('that was late is asked again by retry', () => {
    const fleet = new CourseFleet(stagedRollout({ ...policy, failureBudget: { devices: 1 } }), 8);
    fleet.looked();
    const [late = '', ...others] = members(fleet);
    for (const name of others) fleet.report(name, 'ready');
    fleet.verdict = pass;
    fleet.nowMs += 3_600_000;
    fleet.looked();
    expect(fleet.rollout.members.get(late)).toMatchObject({ off: 'late' });
    fleet.decided('retry');
    fleet.looked();
    expect(fleet.rollout.members.get(late)).toMatchObject({ off: null, attempt: 1, isOrdered: true });
  });

  it.each([
    ['stable', false],
    ['cohort', true],
  ] as const)('that joins meanwhile (%s) is in a later cohort: %s, and has the release at the end', (joiners, isIn) => {
    const fleet = begun({ ...policy, joiners });
    fleet.nowMs += 1000;
    fleet.join('late', { hardware: 'a' });
    pursue(fleet);
    expect([fleet.rollout.phase, members(fleet).includes('late')]).toEqual(['done', isIn]);
    expect(partOf(fleet.rollout, { device: 'late', stratum: '' })).toMatchObject({ kind: 'release' });
  });
});

describe('a rollout that another one takes the place of', () => {
  const look = { devices: [], verdict: null, isWindowOpen: true };

  it('on its way gives nobody anything any more, and does not come back', () => {
    const fleet = begun(policy);
    const [device = ''] = members(fleet);
    fleet.event({ kind: 'superseded', by: 9, look: fleet.look() });
    expect(partOf(fleet.rollout, { device, stratum: '' })).toEqual({ kind: 'none' });
    expect(staged(fleet).course.records).toMatchObject([{ step: 0, isLeft: false, endedAtMs: fleet.nowMs }]);
    fleet.event({ kind: 'reinstated' });
    expect(fleet.rollout.phase).toBe('superseded');
  });

  it('when it was done stands again as soon as the other is taken back', () => {
    const fleet = begun(policy);
    pursue(fleet);
    fleet.event({ kind: 'superseded', by: 9, look });
    expect(partOf(fleet.rollout, { device: 'd0', stratum: '' })).toEqual({ kind: 'none' });
    fleet.event({ kind: 'reinstated' });
    expect(fleet.rollout.phase).toBe('done');
    expect(partOf(fleet.rollout, { device: 'd0', stratum: '' })).toMatchObject({ kind: 'release' });
  });
});
