import { expect, it } from 'vitest';
import { FormerKeys, haveTargets } from '@bellwether/control-plane/orders/former-keys';
import { silentLog } from '@bellwether/shared/log';
import { reportOf } from '../../support/telemetry-messages.js';

const device = (presence: 'online' | 'offline', targets: number) => ({
  presence,
  report: reportOf({ metadata: { root: 1, targets, snapshot: 1, timestamp: 1 } }),
});

it('a rotation ends when every connected device has the new file', () => {
  expect(haveTargets([device('online', 5), device('offline', 4)], 5)).toBe(true);
  expect(haveTargets([device('online', 5), device('online', 4)], 5)).toBe(false);
  expect(haveTargets([{ presence: 'online', report: null }], 5)).toBe(false);
});

it('the former keys go once, and orders are signed again', async () => {
  const done: string[] = [];
  const devices = [device('online', 1)];
  const keys = {
    isRotating: true,
    retire: async () => {
      keys.isRotating = false;
      done.push('retired');
    },
  };
  const versions = { root: 1, targets: 2, snapshot: 1 };
  const retired = () => void done.push('orders');
  const former = new FormerKeys({ keys, catalog: { versions }, devices: () => devices, retired, log: silentLog });
  await former.look();
  expect(done).toEqual([]);
  devices[0] = device('online', 2);
  await Promise.all([former.look(), former.look()]);
  await former.look();
  expect(done).toEqual(['retired', 'orders']);
});
