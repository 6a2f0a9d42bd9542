import { expect, it } from 'vitest';
import { judge } from '@bellwether/control-plane/rollouts/verdict/judge';
import { promotionProgress } from '@bellwether/control-plane/rollouts/verdict/promotion';
import type { SegmentCounters } from '@bellwether/shared/evidence/counters';
import { arms, devices, look, segment, standardLimits } from '../../../support/fleet-evidence.js';
import { quietCells } from '../../../support/quiet-cells.js';

const errors = (stable: number, canary: number, epoch: number) =>
  segment({ epoch, cells: { error: arms(stable, canary), invalid: arms(0, 0), death: arms(0, 0) } });

it('an outage that is over is no proof that the canary is no worse', () => {
  // Both arms fail for five minutes; afterwards the canary errs three times as often.
  const out = errors(1900, 100, 0);
  for (const after of [errors(10, 2, 2), errors(2, 1, 2), errors(19, 3, 2)]) {
    expect(judge(look(devices(5, [after]))).value).not.toBe('pass');
    expect(judge(look(devices(5, [out, after]))).value).not.toBe('pass');
  }
});

it('what the canary did worse in it speaks against it, and what both did alike is as if it had not been', () => {
  const good = { ...errors(190, 10, 2), calls: arms(19_000, 1000) };
  const evidenceOf = (...segments: readonly SegmentCounters[]) =>
    promotionProgress(devices(5, segments), standardLimits).find(({ cell }) => cell === 'error')?.logE ?? Number.NaN;
  // Nothing is left of the other half of the mean, the absolute limit.
  expect(evidenceOf(errors(380, 20, 0), good)).toBeCloseTo(evidenceOf(good), 9);
  expect(evidenceOf(errors(380, 40, 0), good)).toBeLessThan(evidenceOf(good) - 1);
});

it('a model that is often wrong is no outage', () => {
  const labelled = arms(1000, 1000);
  const wrong = segment({
    share: 0.5,
    calls: labelled,
    labelled,
    cells: { error: arms(0, 0), wrong: arms(200, 200), ...quietCells('split', 5000) },
  });
  expect(judge(look(devices(5, [wrong]))).value).toBe('pass');
});
