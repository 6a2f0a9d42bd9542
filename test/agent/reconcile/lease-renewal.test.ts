import { expect, it } from 'vitest';
import { LeaseRenewal } from '@bellwether/agent/reconcile/lease-renewal';
import type { Order } from '@bellwether/shared/contract/order';
import { silentLog } from '@bellwether/shared/log';
import { ManualClock } from '../../support/manual-clock.js';
import { sampleRelease } from '../../support/sample-release.js';
import { modelWithCanary } from '../../support/signed-order.js';

const release = sampleRelease('digits', '1.0.0');
const withCanary: Pick<Order, 'models'> = {
  models: { digits: modelWithCanary(release, release, { leaseSeconds: 90 }) },
};

it('asks for signed time three times in a lease while a canary is ordered, also when the server does not answer', async () => {
  const clock = new ManualClock();
  const asked: number[] = [];
  let times = 0;
  const renewal = new LeaseRenewal({
    askTime: () => {
      asked.push(clock.now().monotonicMs);
      return asked.length === 2 ? Promise.reject(new Error('no server')) : Promise.resolve();
    },
    onTime: () => {
      times++;
    },
    clock,
    log: silentLog,
  });
  await clock.advance(100_000);
  renewal.ordered(withCanary);
  for (let i = 0; i < 4; i++) await clock.advance(30_000);
  expect(asked).toEqual([130_000, 160_000, 190_000, 220_000]);
  expect(times).toBe(3);
  renewal.ordered({ models: {} });
  await clock.advance(1_000_000);
  expect(asked).toHaveLength(4);
  renewal.ordered(withCanary);
  await renewal.stop();
  await clock.advance(1_000_000);
  expect(asked).toHaveLength(4);
});
