import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FailingDiskLife } from '../support/failing-disk-life.js';

/** Changes of the disk that an upgrade makes, about; each may be the first that fails. Whole in `bench faults`. */
const changes = [0, 3, 7, 12, 18, 25, 33, 42];

let life: FailingDiskLife;
beforeAll(async () => {
  life = await FailingDiskLife.live();
}, 60_000);
afterAll(() => life.stop());

describe.each(['ENOSPC', 'EIO', 'EROFS'] as const)('a disk that fails with %s during an upgrade', (fault) => {
  it('leaves what serves alone, whichever change fails first; well again, the upgrade goes on', async () => {
    const met: boolean[] = [];
    for (const after of changes) {
      const { broken, wasMet } = await life.upgrade(after, fault);
      expect({ after, broken }).toEqual({ after, broken: [] });
      met.push(wasMet);
    }
    expect(met.filter(Boolean).length).toBeGreaterThan(5);
  }, 90_000);
});
