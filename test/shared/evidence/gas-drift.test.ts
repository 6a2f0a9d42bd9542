import { describe, expect, it } from 'vitest';
import { gasBatches } from '../../support/gas-drift.js';
import { gasTrial } from '../../support/gas-trial.js';

const batches = gasBatches();

describe.skipIf(batches === undefined)(
  'real sensors that age (skipped where shared/data/gas-drift does not lie beside the project)',
  () => {
    // 20 of them are counted by `npm run bench -- drift`.
    const trials = batches === undefined ? [] : [1, 2, 3].map((seed) => gasTrial(batches, seed));

    it.each(trials.map((trial, i) => ({ seed: i + 1, ...trial })))(
      'raise an alarm, and only then: seed $seed',
      ({ rowsToAlarm }) => {
        expect(rowsToAlarm.get('held')).toBeUndefined();
        for (const batch of ['3', '4', '5', '6']) expect(rowsToAlarm.get(batch)).toBeLessThanOrEqual(200);
      },
    );

    it('are drift that matters: most answers were right before, and far fewer are after', () => {
      for (const { accuracy } of trials) {
        expect(accuracy.get('held')).toBeGreaterThan(0.95);
        const later = ['3', '4', '5', '6'].map((batch) => accuracy.get(batch) ?? 1);
        expect(later.reduce((sum, each) => sum + each, 0) / later.length).toBeLessThan(0.85);
      }
    });
  },
);
