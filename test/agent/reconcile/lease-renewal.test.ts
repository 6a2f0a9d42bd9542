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

it('asks for signed time at once, and well before the lease of an ordered canary is over; sooner when that renewed nothing', async () => {
  const clock = new ManualClock();
  const asked: number[] = [];
  let times = 0;
  let leaseFromMs: number | null = null;
  const renewal = new LeaseRenewal({
    leaseFromMs: () => leaseFromMs,
    askTime: () => {
      asked.push(clock.now().monotonicMs);
      if (asked.length === 2) return Promise.reject(new Error('no server'));
      // The third time there is a newer order, which has not come: nothing is renewed.
      if (asked.length !== 3) leaseFromMs = clock.now().monotonicMs;
      return Promise.resolve();
    },
    onTime: () => {
      times++;
    },
    clock,
    log: silentLog,
  });
  await clock.advance(100_000);
  renewal.ordered(withCanary);
  for (let i = 0; i < 6; i++) await clock.advance(15_000);
  expect(asked).toEqual([100_000, 130_000, 145_000, 160_000, 190_000]);
  expect(times).toBe(4);
  // Another order while the lease is young asks when it would have asked anyway.
  renewal.ordered(withCanary);
  await clock.advance(29_999);
  expect(asked).toHaveLength(5);
  await clock.advance(1);
  expect(asked).toHaveLength(6);
  renewal.ordered({ models: {} });
  await clock.advance(1_000_000);
  expect(asked).toHaveLength(6);
  renewal.ordered(withCanary);
  await renewal.stop();
  await clock.advance(1_000_000);
  expect(asked).toHaveLength(6);
});
