import { expect, it } from 'vitest';
import { UsualCost } from '@bellwether/control-plane/limits/usual-cost';

it.each([
  ['nothing at first', [500], [0]],
  ['what it takes every time', [500, 500, 500, 500], [0, 500, 500, 500]],
  ['the same, whatever one of them took', [5, 5, 3000, 5, 5], [0, 5, 5, 5, 5]],
  ['what is dear, where every other one is cheap', [500, 1, 500, 1, 500], [0, 1, 500, 1, 500]],
  ['less as soon as it is less twice', [500, 500, 500, 1, 1], [0, 500, 500, 500, 1]],
])('something costs %s', (_what, times, costs) => {
  const usual = new UsualCost();
  expect(times.map((time) => usual.took(time))).toEqual(costs);
});
