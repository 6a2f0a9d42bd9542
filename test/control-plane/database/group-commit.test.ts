import { describe, expect, it } from 'vitest';
import { GroupCommit } from '@bellwether/control-plane/database/group-commit';
import { ManualClock } from '../../support/manual-clock.js';

function setUp(commit: (items: readonly number[]) => readonly number[]) {
  const clock = new ManualClock();
  const groups: number[][] = [];
  const group = new GroupCommit<number, number>({
    clock,
    maxDelayMs: 10,
    maxItems: 3,
    commit: (items) => {
      groups.push([...items]);
      return commit(items);
    },
  });
  return { clock, groups, group };
}

const double = (items: readonly number[]): number[] => items.map((item) => item * 2);

describe('a group commit', () => {
  it('commits what came within the delay together, and gives each its own result', async () => {
    const { clock, groups, group } = setUp(double);
    const results = [group.add(1), group.add(2)];
    expect(groups).toEqual([]);
    await clock.advance(10);
    expect(await Promise.all(results)).toEqual([2, 4]);
    expect(groups).toEqual([[1, 2]]);
    expect(clock.pending).toEqual([]);
  });

  it('does not wait when the group is full', async () => {
    const { clock, groups, group } = setUp(double);
    await Promise.all([group.add(1), group.add(2), group.add(3)]);
    expect(groups).toEqual([[1, 2, 3]]);
    expect(clock.pending).toEqual([]);
  });

  it('acknowledges nothing of a group that could not be written, and goes on with the next', async () => {
    let broken = true;
    const { clock, group } = setUp((items) => {
      if (broken) throw new Error('disk full');
      return double(items);
    });
    const lost = Promise.allSettled([group.add(1), group.add(2)]);
    await clock.advance(10);
    expect((await lost).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    broken = false;
    const next = group.add(3);
    await clock.advance(10);
    expect(await next).toBe(6);
  });
});
