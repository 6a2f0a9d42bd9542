import { describe, expect, it } from 'vitest';
import { onTheirWay, stepTerms } from '@bellwether/control-plane/console/rollout-words';
import { rolloutView } from '../../support/operator-views.js';

describe('the terms of a step', () => {
  it('are what it asks for besides its evidence, in words with units', () => {
    const terms = { filter: { site: 'a' }, minCalls: 5000, holdSeconds: 600, timeLimitSeconds: 14_400, approval: true };
    expect(stepTerms({ ...terms, state: 'ahead' })).toBe(
      'only site=a · at least 5,000 calls of the canary · holds 10 min · at most 4.0 h · needs an approval',
    );
    // It has been approved, or it would not have begun.
    expect(stepTerms({ approval: true, state: 'current' })).toBe('');
    expect(stepTerms({ ...terms, state: 'left' })).toBe('');
  });
});

it('a rollout of the model is on its way while it is in steps and has not ended', () => {
  const staged = { policy: 'fast' } as const;
  const rollouts = [
    rolloutView('1.4.0', { ...staged, phase: 'rolling' }),
    rolloutView('1.3.0', { ...staged, phase: 'held' }),
    rolloutView('1.2.0', { ...staged, phase: 'rolled-back' }),
    rolloutView('1.1.0', { phase: 'rolling' }),
    rolloutView('1.0.0', { ...staged, phase: 'rolling', release: 'digits-large@1.0.0' }),
  ];
  expect(onTheirWay(rollouts, 'digits').map(({ release }) => release)).toEqual(['digits@1.4.0', 'digits@1.3.0']);
});
