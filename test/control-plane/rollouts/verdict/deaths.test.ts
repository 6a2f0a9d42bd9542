import { expect, it } from 'vitest';
import { judge } from '@bellwether/control-plane/rollouts/verdict/judge';
import { isEnough, promotionProgress } from '@bellwether/control-plane/rollouts/verdict/promotion';
import { arms, devices, look, segment, standardLimits } from '../../../support/fleet-evidence.js';

const deaths = (share: number, calls: number, [stable, canary]: readonly [number, number]) =>
  segment({
    share,
    calls: arms(Math.round(calls * (1 - share)), Math.round(calls * share)),
    cells: { error: arms(0, 0), invalid: arms(0, 0), death: arms(stable, canary) },
  });

it('requests that kill the runner of any release are no harm where the canary gets most of them', () => {
  expect(judge(look(devices(5, [deaths(0.95, 2000, [1, 19])]))).value).not.toBe('fail');
  expect(judge(look(devices(5, [deaths(0.5, 2000, [1, 19])]))).value).toBe('fail');
});

it('deaths that only time brings are no harm where the canary gets few of the calls', () => {
  expect(judge(look(devices(5, [deaths(0.05, 2000, [10, 10])]))).value).not.toBe('fail');
  expect(judge(look(devices(5, [deaths(0.05, 2000, [0, 10])]))).value).toBe('fail');
});

it('a canary that dies as rarely as its few calls explain has not shown that it dies more rarely', () => {
  const death = (share: number, counts: readonly [number, number]) =>
    promotionProgress(devices(5, [deaths(share, 2000, counts)]), standardLimits).find(({ cell }) => cell === 'death');
  const twiceAsOften = death(0.05, [19, 2]);
  expect(twiceAsOften && isEnough(twiceAsOften)).toBe(false);
  const alike = death(0.5, [80, 80]);
  expect(alike && isEnough(alike)).toBe(true);
});
