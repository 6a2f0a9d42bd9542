import type { RolloutPolicy, RolloutStep } from './policy.js';

const minute = 60;
const hour = 3600;

const shadow = (percent: number, timeLimitSeconds: number): RolloutStep => ({
  cohort: { percent },
  mode: 'shadow',
  share: 100,
  timeLimitSeconds,
});
const split = (percent: number, share: number, times: Partial<RolloutStep>): RolloutStep => ({
  cohort: { percent },
  mode: 'split',
  share,
  ...times,
});
const full = (percent: number, times: Partial<RolloutStep>): RolloutStep => ({
  cohort: { percent },
  mode: 'full',
  share: 100,
  ...times,
});

/** The policies that have a name. */
export const presets: Readonly<Record<'careful' | 'standard' | 'fast' | 'hotfix', RolloutPolicy>> = {
  /** For what must not fail: small steps, long holds, and a person before the fleet as a whole. */
  careful: {
    version: 1,
    steps: [
      shadow(1, 24 * hour),
      split(1, 1, { holdSeconds: hour, timeLimitSeconds: 48 * hour }),
      split(5, 5, { holdSeconds: 4 * hour, timeLimitSeconds: 48 * hour }),
      split(25, 20, { holdSeconds: 12 * hour, timeLimitSeconds: 48 * hour }),
      split(50, 50, { holdSeconds: 12 * hour, timeLimitSeconds: 48 * hour, approval: true }),
      split(100, 95, { holdSeconds: 24 * hour, timeLimitSeconds: 72 * hour }),
      full(100, { holdSeconds: hour, timeLimitSeconds: 72 * hour }),
    ],
    maxInFlight: 20,
    failureBudget: { percentOfCompleted: 10, percentOfAll: 1 },
    silent: { afterSeconds: 6 * hour, counts: 'skip' },
    joiners: 'stable',
  },
  /** Shadow on 5 % of the devices → 5 % of the calls there → of 25 % → half of the calls of half of them → 95 % on all → all. */
  standard: {
    version: 1,
    steps: [
      shadow(5, 4 * hour),
      split(5, 5, { holdSeconds: 10 * minute, timeLimitSeconds: 12 * hour }),
      split(25, 5, { holdSeconds: 10 * minute, timeLimitSeconds: 12 * hour }),
      split(50, 50, { holdSeconds: 10 * minute, timeLimitSeconds: 12 * hour }),
      split(100, 95, { holdSeconds: 30 * minute, timeLimitSeconds: 24 * hour }),
      full(100, { holdSeconds: 5 * minute, timeLimitSeconds: 24 * hour }),
    ],
    maxInFlight: 50,
    failureBudget: { percentOfCompleted: 20, percentOfAll: 5 },
    silent: { afterSeconds: hour, counts: 'skip' },
    joiners: 'stable',
  },
  /** Where traffic is plenty and a bad hour is cheap. */
  fast: {
    version: 1,
    steps: [
      split(10, 10, { holdSeconds: 30, timeLimitSeconds: 2 * hour }),
      split(50, 50, { holdSeconds: 30, timeLimitSeconds: 2 * hour }),
      full(100, { holdSeconds: 30, timeLimitSeconds: 4 * hour }),
    ],
    maxInFlight: 200,
    failureBudget: { percentOfCompleted: 20, percentOfAll: 10 },
    silent: { afterSeconds: 10 * minute, counts: 'skip' },
    joiners: 'cohort',
  },
  /** What is out there is worse than the risk: one quick comparison, then everybody. */
  hotfix: {
    version: 1,
    steps: [split(20, 50, { timeLimitSeconds: 30 * minute }), full(100, { timeLimitSeconds: 2 * hour })],
    maxInFlight: 1000,
    failureBudget: { percentOfCompleted: 30 },
    silent: { afterSeconds: minute, counts: 'skip' },
    joiners: 'cohort',
  },
};
export type PresetName = keyof typeof presets;

/** True for the name of a preset. */
export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(presets, name);
}
