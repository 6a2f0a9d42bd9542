import { expect, it } from 'vitest';
import { budgetExceeded } from '@bellwether/control-plane/rollouts/failure-budget';

const tally = (failed: number, ready: number, open: number, all: number) => ({ failed, ready, open, all });

it.each([
  ['nothing failed', { devices: 0, percentOfCompleted: 0, percentOfAll: 0 }, tally(0, 5, 0, 5), false],
  ['no budget is no limit', undefined, tally(5, 0, 0, 5), false],
  ['as many as may', { devices: 2 }, tally(2, 0, 5, 50), false],
  ['one more', { devices: 2 }, tally(3, 0, 5, 50), true],
  ['a part of all that may', { percentOfAll: 10 }, tally(5, 0, 0, 50), false],
  ['one more of all', { percentOfAll: 10 }, tally(6, 0, 0, 50), true],
  ['the first to answer decides nothing alone', { percentOfCompleted: 20 }, tally(1, 0, 9, 50), false],
  ['nor do four', { percentOfCompleted: 20 }, tally(1, 3, 6, 50), false],
  ['of five one may', { percentOfCompleted: 20 }, tally(1, 4, 5, 50), false],
  ['of five two may not', { percentOfCompleted: 20 }, tally(2, 3, 5, 50), true],
  ['one of three is one word', { percentOfAll: 5, percentOfCompleted: 20 }, tally(1, 2, 0, 3), false],
  ['unless the budget says that one is too many', { devices: 0, percentOfAll: 5 }, tally(1, 2, 0, 3), true],
  ['two of three are two', { percentOfAll: 5 }, tally(2, 1, 0, 3), true],
  ['of two devices one is believed', { percentOfAll: 5 }, tally(1, 1, 0, 2), true],
  ['all that were asked have answered', { percentOfCompleted: 20 }, tally(1, 1, 0, 50), true],
] as const)('%s', (_name, budget, devices, is) => {
  expect(budgetExceeded(budget, devices) !== undefined).toBe(is);
});
