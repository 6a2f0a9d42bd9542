import { describe, expect, it } from 'vitest';
import { isOvertaken, nextGeneration } from '@bellwether/control-plane/orders/generation';

const number = (epoch: number, generation: number, digest = 'd') => ({ epoch, generation, digest });

describe('the next generation', () => {
  it.each([
    ['the first', 1, undefined, null, 1],
    ['above the last one here', 1, number(1, 4), number(1, 2), 5],
    ['above what the device accepted, after a backup was restored', 1, number(1, 4), number(1, 9), 10],
    ['from 1 again in a new epoch', 2, number(1, 4), number(1, 9), 1],
    ['above what the device accepted in the new epoch', 2, number(1, 4), number(2, 3), 4],
  ])('is %s', (_name, epoch, last, observed, want) => {
    expect(nextGeneration(epoch, last, observed)).toBe(want);
  });
});

describe('an order is overtaken', () => {
  it.each([
    ['not before the device has accepted anything', null, false],
    ['not when the device is behind', number(1, 3), false],
    ['not when it is the one', number(1, 4), false],
    ['by another one of the same number', number(1, 4, 'other'), true],
    ['by a higher one', number(1, 5), true],
    ['not by one of an older epoch', number(0, 9), false],
  ])('%s', (_name, observed, want) => {
    expect(isOvertaken(number(1, 4), observed)).toBe(want);
  });
});
