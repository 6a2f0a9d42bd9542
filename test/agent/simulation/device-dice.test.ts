import { describe, expect, it } from 'vitest';
import { deviceDice } from '@bellwether/agent/simulation/device-dice';

const take = (dice: () => number, count = 5) => Array.from({ length: count }, dice);
const never = () => {
  throw new Error('a seeded device throws no other dice');
};

describe('the dice of a simulated device', () => {
  it('fall alike for the same seed, device and use, whatever else was thrown meanwhile', () => {
    const one = deviceDice(7, 12, never);
    const again = deviceDice(7, 12, never);
    const calls = one('calls');
    const first = take(calls, 2);
    take(one('mishaps'), 40);
    expect([...first, ...take(calls, 3)]).toEqual(take(again('calls')));
  });

  it('fall otherwise for another seed, device or use', () => {
    const sequences = [
      deviceDice(7, 12, never)('calls'),
      deviceDice(8, 12, never)('calls'),
      deviceDice(7, 13, never)('calls'),
      deviceDice(7, 12, never)('mishaps'),
    ];
    expect(new Set(sequences.map((dice) => take(dice).join())).size).toBe(4);
  });

  it('are anybody’s without a seed', () => {
    expect(take(deviceDice(undefined, 1, () => 0.25)('calls'), 2)).toEqual([0.25, 0.25]);
  });
});
