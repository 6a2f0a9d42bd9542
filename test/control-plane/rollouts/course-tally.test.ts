import { expect, it } from 'vitest';
import { type PresentMember, tooManyFailures } from '@bellwether/control-plane/rollouts/course-tally';
import { presets } from '@bellwether/control-plane/rollouts/policy-presets';
import { memberOf, stagedRollout } from '../../support/rollouts.js';

function refusing(name: string, enrolledAtMs: number): PresentMember {
  return {
    member: memberOf(name),
    device: {
      device: name,
      labels: {},
      isOnline: true,
      silentMs: 0,
      enrolledAtMs,
      report: null,
      order: undefined,
      base: 'a'.repeat(64),
      apart: null,
    },
    stands: { standing: 'failed', code: 'incompatible', message: null, isInFlight: false },
  };
}

it('devices that enrolled after it began use up no failure budget: whoever has join tokens could end every rollout', () => {
  const rollout = { ...stagedRollout(presets.fast), createdAtMs: 1000 };
  const some = (enrolledAtMs: number) => Array.from({ length: 5 }, (_, i) => refusing(`d${i}`, enrolledAtMs));
  expect(tooManyFailures(rollout, some(1001), 20)).toBeUndefined();
  expect(tooManyFailures(rollout, some(1000), 20)).toContain('5 of all 20 devices failed');
});
