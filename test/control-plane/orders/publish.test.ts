import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Device } from '@bellwether/control-plane/fleet/device';
import type { ModelOrder } from '@bellwether/control-plane/orders/compose';
import { OrderStoreSql } from '@bellwether/control-plane/orders/order-store-sql';
import { Orders } from '@bellwether/control-plane/orders/publish';
import { systemClock } from '@bellwether/shared/clock';
import { decodeOrder, maxOrderBytes, type Order } from '@bellwether/shared/contract/order';
import { fingerprintOf } from '@bellwether/shared/ids';
import { silentLog } from '@bellwether/shared/log';
import { sha256 } from '@bellwether/shared/signing/digest';
import { openEnvelope } from '@bellwether/shared/signing/envelope';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { FakeCatalog } from '../../support/catalog.js';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { RecordedAudit } from '../../support/recorded-audit.js';
import { storedDevice } from '../../support/stored-device.js';
import { deviceId, reportOf } from '../../support/telemetry-messages.js';

const director = generateKeyPair();
const device = storedDevice({ publicKey: generateKeyPair().publicKey, presence: 'online' });
const release = (version: string): ModelOrder => ({
  model: 'digits',
  stable: { version, manifest: 'a'.repeat(64) },
  stableFrom: 1,
  canary: null,
  canaryFrom: null,
});
const reporting = (generation: number, digest: string): Device => ({
  ...device,
  report: reportOf({ observed: { epoch: 1, generation, digest } }),
});

let database: TestDatabase;
let audit: RecordedAudit;
let published: Order[] = [];
let catalog = new FakeCatalog();
beforeEach(async () => {
  database = await temporaryDatabase();
  audit = new RecordedAudit();
  published = [];
  catalog = new FakeCatalog();
});
afterEach(() => database.remove());

/** A server that starts on the database; several may be there at once. */
async function startOrders(): Promise<Orders> {
  const orders = new Orders({
    inquiries: () => [],
    clock: systemClock,
    log: silentLog,
    store: new OrderStoreSql(database.sqlite, systemClock),
    directors: () => [director],
    catalog,
    audit,
    changed: () => {},
    channel: {
      publishOrder: async (_device, envelope) => {
        if (envelope.byteLength === 0) return; // what was retained is cleared
        const { payload } = openEnvelope('order', envelope, [director.publicKey], maxOrderBytes);
        published.push(decodeOrder(payload));
      },
    },
  });
  await orders.start();
  return orders;
}
const generations = () => published.map(({ generation }) => generation);

describe('orders', () => {
  it('are signed by the director for one device and key, and stored as they went out', async () => {
    const orders = await startOrders();
    await orders.ensure(device, [release('1.0.0')]);
    expect(published).toMatchObject([
      { device: { id: deviceId, fingerprint: fingerprintOf(device.publicKey) }, epoch: 1, generation: 1 },
    ]);
    expect(orders.of(deviceId)?.digest).toBe(sha256(Buffer.from(JSON.stringify(published[0]))));
  });

  it('keep their generation while they say the same, and grow when they do not', async () => {
    const orders = await startOrders();
    await orders.ensure(device, [release('1.0.0')]);
    await orders.ensure(device, [release('1.0.0')]);
    await orders.ensure(device, [release('1.1.0')]);
    await orders.ensure(device, [release('1.0.0')]);
    expect(generations()).toEqual([1, 2, 3]);
    // Each order that was issued is a row of the audit log, and nothing else is.
    expect(audit.entries.map(({ action, subject, details }) => [action, subject, details?.['models']])).toEqual([
      ['order.issue', deviceId, 'digits@1.0.0'],
      ['order.issue', deviceId, 'digits@1.1.0'],
      ['order.issue', deviceId, 'digits@1.0.0'],
    ]);
  });

  it('never order nothing: without a rollout the last order stands', async () => {
    const orders = await startOrders();
    await orders.ensure(device, []);
    expect(published).toEqual([]);
    await orders.ensure(device, [release('1.0.0')]);
    await orders.ensure(device, []);
    expect(generations()).toEqual([1]);
  });

  it('do not go out after all to a device that is put out while they are stored', async () => {
    const orders = await startOrders();
    const ordering = orders.ensure(device, [release('1.0.0')]);
    await orders.withdraw(deviceId);
    await ordering;
    expect([published, orders.of(deviceId)]).toEqual([[], undefined]);
    await orders.ensure(device, [release('1.1.0')]);
    expect(generations()).toEqual([2]);
  });

  it('go out again after a restart, byte for byte, and generations go on', async () => {
    const first = await startOrders();
    await first.ensure(device, [release('1.0.0')]);
    const second = await startOrders();
    expect(published[1]).toEqual(published[0]);
    await second.ensure(device, [release('1.0.0')]);
    await second.ensure(device, [release('1.1.0')]);
    expect(generations()).toEqual([1, 1, 2]);
  });

  it('go above what the device has accepted when a backup was restored [T-7]', async () => {
    const orders = await startOrders();
    await orders.ensure(device, [release('1.0.0')]);
    await orders.ensure(reporting(7, 'b'.repeat(64)), [release('1.0.0')]);
    expect(generations()).toEqual([1, 8]);
    await orders.ensure(reporting(8, orders.of(deviceId)?.digest ?? ''), [release('1.0.0')]);
    expect(generations()).toEqual([1, 8]);
  });

  it('get a new number when the device holds another order under the same one', async () => {
    const orders = await startOrders();
    await orders.ensure(device, [release('1.0.0')]);
    await orders.ensure(reporting(1, 'b'.repeat(64)), [release('1.0.0')]);
    expect(generations()).toEqual([1, 2]);
  });

  it('start from 1 in a new epoch', async () => {
    const orders = await startOrders();
    await orders.ensure(device, [release('1.0.0')]);
    await orders.ensure(device, [release('1.1.0')]);
    catalog.epoch = 2;
    await orders.ensure(device, [release('1.1.0')]);
    expect(published.map((order) => [order.epoch, order.generation])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
  });

  it('of two servers on one database never share a generation', async () => {
    const [a, b] = [await startOrders(), await startOrders()];
    await Promise.all([a.ensure(device, [release('1.0.0')]), b.ensure(device, [release('1.1.0')])]);
    await Promise.all([a.ensure(device, [release('1.2.0')]), b.ensure(device, [release('1.3.0')])]);
    const byGeneration = new Map(published.map((order) => [order.generation, JSON.stringify(order)]));
    for (const order of published) expect(byGeneration.get(order.generation)).toBe(JSON.stringify(order));
    expect(Math.max(...generations())).toBe(4);
  });
});
