import { beforeEach, expect, it } from 'vitest';
import { LookSchedule } from '@bellwether/control-plane/rollouts/look-schedule';
import { BusyClock } from '../../support/busy-clock.js';

let clock: BusyClock;
let schedule: LookSchedule;
/** What the next looks take, in milliseconds; then nothing. */
let costs: number[] = [];
let looks: (readonly number[])[] = [];
beforeEach(() => {
  clock = new BusyClock();
  [costs, looks] = [[], []];
  const look = async (numbers: readonly number[]) => {
    looks.push(numbers);
    clock.spentMs += costs.shift() ?? 0;
  };
  schedule = new LookSchedule({ clock, inTime: () => [], look });
});

/** In how many milliseconds rollout 1 is looked at that something was just said of; then it is. */
async function delayMs(): Promise<number> {
  schedule.soon([1]);
  const [pending = Number.NaN] = clock.pending;
  await clock.advance(pending);
  return pending;
}

it('what is said of rollouts in a moment is looked at together', async () => {
  schedule.soon([1]);
  schedule.soon([2, 1]);
  await clock.advance(100);
  expect(looks).toEqual([[1, 2]]);
});

it('looks that take long every time rest nine times as long', async () => {
  costs = [500, 500, 500];
  expect([await delayMs(), await delayMs(), await delayMs()]).toEqual([100, 100, 4500]);
});

it('a look that takes long once, since the machine stood still, keeps no rollback waiting', async () => {
  costs = [1, 1, 3000];
  expect([await delayMs(), await delayMs(), await delayMs(), await delayMs()]).toEqual([100, 100, 100, 100]);
});
