import { describe, expect, it } from 'vitest';
import { isOpen } from '@bellwether/control-plane/rollouts/maintenance-window';
import type { RolloutPolicy, RolloutStep } from '@bellwether/control-plane/rollouts/policy';
import { presets } from '@bellwether/control-plane/rollouts/policy-presets';
import { type PolicyFacts, policyProblem } from '@bellwether/control-plane/rollouts/policy-problem';

const nowMs = Date.UTC(2026, 5, 1, 12);
const facts: PolicyFacts = {
  nowMs,
  candidates: Array.from({ length: 40 }, (_, i) => ({ device: `d${i}`, labels: { site: 'a' }, stratum: '' })),
  cohortKey: '0'.repeat(32),
  keepsState: false,
  callsPerSecond: () => 10,
};
const split = (changes: Partial<RolloutStep> = {}): RolloutStep => ({
  cohort: { percent: 10 },
  mode: 'split',
  share: 10,
  ...changes,
});
const full = (changes: Partial<RolloutStep> = {}): RolloutStep => ({
  cohort: { percent: 100 },
  mode: 'full',
  share: 100,
  ...changes,
});
const policy = (steps: RolloutStep[], changes: Partial<RolloutPolicy> = {}): RolloutPolicy => ({
  version: 1,
  steps,
  ...changes,
});

describe('a policy', () => {
  it.each(Object.entries(presets))('%s can come to its end', (_name, preset) => {
    expect(policyProblem(preset, facts)).toBeUndefined();
  });

  it.each([
    [
      'a share that shrinks',
      policy([split({ share: 50 }), split({ share: 5 }), full()]),
      /step 2: the share shrinks from 50 % to 5 %/,
    ],
    [
      'a cohort that shrinks',
      policy([split({ cohort: { percent: 50 } }), split(), full()]),
      /step 2: the cohort shrinks from 50 % to 10 %/,
    ],
    [
      'fewer devices',
      policy([split({ cohort: { devices: 9 } }), split({ cohort: { devices: 3 } }), full()]),
      /from 9 devices to 3/,
    ],
    ['shadow after split', policy([split(), split({ mode: 'shadow' }), full()]), /shadow after split/],
    ['no share', policy([split({ share: 0 }), full()]), /no call/],
    ['a share between the hundredths', policy([split({ share: 0.005 }), full()]), /no whole hundredth/],
    ['all calls in a split', policy([split({ share: 96 }), full()]), /95 % is the most/],
    ['half of full', policy([split(), full({ share: 50 })]), /full is all calls/],
    ['a filter that matches nobody', policy([split({ filter: { site: 'b' } }), full()]), /no device matches site=b/],
    ['an end before everybody', policy([split(), full({ cohort: { percent: 50 } })]), /100 % of the devices/],
    ['an end in a split', policy([split({ cohort: { percent: 100 } })]), /the last step must be full/],
    ['full alone', policy([full()]), /a split must come before it/],
    [
      'a window that never opens',
      policy([split(), full()], { maintenanceWindow: { cron: '0 0 30 2 *', timeZone: 'UTC', minutes: 9 } }),
      /never opens again/,
    ],
    [
      'a time zone that is none',
      policy([split(), full()], { maintenanceWindow: { cron: '0 2 * * *', timeZone: 'Atlantis', minutes: 9 } }),
      /time zone Atlantis is none/,
    ],
    [
      'a start that is over',
      policy([split(), full()], { startWindow: { notAfter: '2026-05-01T00:00:00Z' } }),
      /closed at/,
    ],
    [
      'a start after its end',
      policy([split(), full()], {
        startWindow: { notBefore: '2026-08-01T00:00:00Z', notAfter: '2026-07-01T00:00:00Z' },
      }),
      /after it closes/,
    ],
    ['a time that is none', policy([split(), full()], { startWindow: { notBefore: 'soon' } }), /is no time/],
    [
      'evidence that cannot come in time',
      policy([split({ share: 0.01, timeLimitSeconds: 600 }), full()]),
      /needs 812 calls of the canary, 2 count within its time limit of 600 s/,
    ],
    ['no time at all', policy([split({ timeLimitSeconds: 0 }), full()]), /no time for any evidence/],
    [
      'more calls asked for than come',
      policy([split({ minCalls: 1_000_000_000, timeLimitSeconds: 86_400 }), full()]),
      /asks for 1000000000 calls of the canary, 345600 come/,
    ],
    [
      'a chance of a wrong pass that takes too long to show',
      policy([split({ timeLimitSeconds: 250 }), full()], { evidence: { beta: 1e-6, maxBadPct: 0.5 } }),
      /needs 3216 calls of the canary, 1000 count/,
    ],
    [
      'fewer errors than so few calls can show',
      policy([split({ timeLimitSeconds: 3600 }), full()], { evidence: { maxBadPct: 0.001 } }),
      /needs 407\d{3} calls of the canary, 14400 count/,
    ],
  ] as const)('with %s is refused, and told why', (_name, asked, why) => {
    expect(policyProblem(asked, facts)).toMatch(why);
  });

  it('is not refused for one busy device that makes up for no other, while one kind of hardware can pass', () => {
    const asked = policy([split({ cohort: { percent: 100 }, timeLimitSeconds: 600 }), full()]);
    const of = (rates: readonly number[]) => ({
      ...facts,
      candidates: rates.map((_, i) => ({ device: `d${i}`, labels: {}, stratum: i < 2 ? 'pi' : 'x86' })),
      callsPerSecond: (device: string) => rates[Number(device.slice(1))] ?? 0,
    });
    // 1,000 a second of one device count for a half; the other half comes from a call in ten seconds.
    expect(policyProblem(asked, of([1000, 0.1]))).toMatch(/412 count within/);
    expect(policyProblem(asked, of([1000, 0.1, 20, 20]))).toBeUndefined();
    // Nobody knows what the second will do.
    expect(policyProblem(asked, of([1000, 0]))).toBeUndefined();
  });

  it('with a shadow is refused for a release that keeps state, and told what takes one', () => {
    const keepsState = { ...facts, keepsState: true };
    expect(policyProblem(presets.standard, keepsState)).toMatch(/step 1: a shadow .* keeps state .* fast and hotfix/);
    expect([policyProblem(presets.fast, keepsState), policyProblem(presets.hotfix, keepsState)]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('is not refused for traffic that nobody knows', () => {
    const slow = policy([split({ share: 0.01, timeLimitSeconds: 600 }), full()]);
    expect(policyProblem(slow, { ...facts, callsPerSecond: () => 0 })).toBeUndefined();
  });
});

it('a hundredth of a percent that a float cannot hold is one all the same', () => {
  for (const share of [0.07, 0.29, 1.13, 4.35, 57.93]) {
    expect(policyProblem(policy([split({ share }), full()]), facts)).toBeUndefined();
  }
});

describe('a maintenance window', () => {
  const nightly = { cron: '0 2 * * *', timeZone: 'Europe/Berlin', minutes: 90 };
  it.each([
    ['before it opens', '2026-06-01T23:59:00Z', false],
    ['when it opens, in its own time zone', '2026-06-02T00:00:00Z', true],
    ['in it', '2026-06-02T01:29:00Z', true],
    ['after it', '2026-06-02T01:31:00Z', false],
    ['in winter time', '2026-01-10T01:00:00Z', true],
    ['before it in winter time', '2026-01-10T00:59:00Z', false],
  ])('%s', (_name, at, is) => {
    expect(isOpen(nightly, Date.parse(at))).toBe(is);
  });

  it('is always open when there is none', () => {
    expect(isOpen(undefined, 0)).toBe(true);
  });
});
