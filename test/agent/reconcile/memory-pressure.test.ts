import { expect, it } from 'vitest';
import { afterLook } from '@bellwether/agent/reconcile/memory-pressure';

const megabyte = 1024 ** 2;
const floor = 64 * megabyte;

it('gives a canary up after three looks in a row below the floor, and at once below half of it', () => {
  const look = (availableBytes: number, lowLooks: number) => afterLook({ availableBytes, floorBytes: floor, lowLooks });
  expect(look(floor, 2)).toEqual({ lowLooks: 0, why: undefined });
  expect(look(floor - 1, 1)).toEqual({ lowLooks: 2, why: undefined });
  expect(look(floor - 1, 2).why).toBe('63 MB of the device’s memory were available, 64 MB must stay');
  expect(look(floor / 2, 0).why).toBeUndefined();
  expect(look(floor / 2 - 1, 0).why).toContain('31 MB');
});
