import { expect, it } from 'vitest';
import { benchmarkText } from '@bellwether/control-plane/console/release-comparison';
import { releaseView } from '../../support/operator-views.js';

const waiting = releaseView('1.10.0', { production: false, accuracy: 0.981, accuracySamples: 1500 });

it('a release that waits is compared with the newest of its model in production', () => {
  const all = [
    waiting,
    releaseView('1.9.0', { accuracy: 0.9 }),
    releaseView('1.2.0', { accuracy: 0.5 }),
    releaseView('2.0.0', { withdrawn: 'wrong data' }),
    releaseView('3.0.0', { model: 'gas' }),
    releaseView('3.0.0', { production: false }),
  ];
  expect(benchmarkText(waiting, all)).toBe('98.1 % of 1500 samples; 1.9.0 in production scores 90.0 %');
  expect(benchmarkText(waiting, [waiting])).toBe('98.1 % of 1500 samples');
  expect(benchmarkText(releaseView('1.0.0', { accuracy: null }), all)).toBe('no benchmark in the manifest');
});
