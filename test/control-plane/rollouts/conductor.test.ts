import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Device } from '@bellwether/control-plane/fleet/device';
import { Fleet } from '@bellwether/control-plane/fleet/fleet';
import { FleetStoreSql } from '@bellwether/control-plane/fleet/fleet-store-sql';
import { OrderStoreSql } from '@bellwether/control-plane/orders/order-store-sql';
import { Orders } from '@bellwether/control-plane/orders/publish';
import { Conductor } from '@bellwether/control-plane/rollouts/conductor';
import { DeviceHoldStoreSql } from '@bellwether/control-plane/rollouts/device-hold-store-sql';
import { DeviceHolds } from '@bellwether/control-plane/rollouts/device-holds';
import { EvidenceStoreSql } from '@bellwether/control-plane/rollouts/evidence-store-sql';
import { LookHistoryStoreSql } from '@bellwether/control-plane/rollouts/look-history-store-sql';
import { NeighbourStoreSql } from '@bellwether/control-plane/rollouts/neighbour-store-sql';
import { RolloutStoreSql } from '@bellwether/control-plane/rollouts/rollout-store-sql';
import { systemClock } from '@bellwether/shared/clock';
import type { Report } from '@bellwether/shared/contract/report';
import { silentLog } from '@bellwether/shared/log';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { FakeCatalog } from '../../support/catalog.js';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordedAudit } from '../../support/recorded-audit.js';
import { storedDevice } from '../../support/stored-device.js';
import { reportOf } from '../../support/telemetry-messages.js';

const everybody = { all: true } as const;
const ids = { a: 'a-0123456789abcdef', b: 'b-0123456789abcdef' };
const director = generateKeyPair();

let database: TestDatabase;
let catalog: FakeCatalog;
let clock: ManualClock;
let fleet: Fleet;
let orders: Orders;
let conductor: Conductor;

beforeEach(async () => {
  database = await temporaryDatabase();
  catalog = new FakeCatalog();
  catalog.list('digits', '1.0.0');
  catalog.list('digits', '1.1.0');
  await start();
  await fleet.add(deviceOf(ids.a, { site: 'north' }));
  await fleet.add(deviceOf(ids.b, { site: 'south' }));
});
afterEach(async () => {
  conductor.stop();
  await database.remove();
});

/** A server that starts on the database. */
async function start(): Promise<void> {
  clock = new ManualClock();
  fleet = new Fleet(new FleetStoreSql(database));
  orders = new Orders({
    inquiries: () => [],
    clock: systemClock,
    log: silentLog,
    store: new OrderStoreSql(database.sqlite, systemClock),
    channel: { publishOrder: async () => {} },
    directors: () => [director],
    catalog,
    audit: new RecordedAudit(),
    changed: () => {},
  });
  conductor = new Conductor({
    clock,
    log: silentLog,
    store: new RolloutStoreSql(database.kysely, database.sqlite),
    evidence: new EvidenceStoreSql(database.sqlite),
    neighbours: new NeighbourStoreSql(database.sqlite),
    holds: new DeviceHolds(new DeviceHoldStoreSql(database.kysely)),
    history: new LookHistoryStoreSql(database.sqlite),
    archive: { keep: () => {}, has: () => false },
    callsPerSecond: () => 0,
    fleet,
    orders,
    catalog,
    audit: new RecordedAudit(),
    changed: () => {},
  });
  await fleet.start();
  await orders.start();
  await conductor.start();
}

function deviceOf(id: string, labels: Record<string, string>): Device {
  return storedDevice({ id, publicKey: generateKeyPair().publicKey, labels, presence: 'online' });
}

let sequence = 0;
/** The device says that it serves what it was ordered, or what else it says. */
async function report(id: string, changes: Partial<Report> = {}): Promise<void> {
  const order = orders.of(id);
  const models = Object.entries(order?.models ?? {}).map(([model, { stable }]) => ({
    model,
    serving: { ...stable, sinceMs: 0, phase: 'probation' as const },
    install: null,
    refusal: null,
  }));
  const observed =
    order === undefined ? null : { epoch: order.epoch, generation: order.generation, digest: order.digest };
  sequence++;
  fleet.apply(id, { seenAtMs: 0, report: reportOf({ device: id, sequence, observed, models, ...changes }) });
  await conductor.heardFrom(id);
  await clock.advance(100);
}

const ordered = (id: string) => orders.of(id)?.models['digits']?.stable.version;
const create = (release: string, to: Parameters<Conductor['create']>[0]['to'] = everybody) =>
  conductor.create({ release, to });

describe('a rollout', () => {
  it('orders its devices at once, and is done when each serves it', async () => {
    const { id, phase } = await create('digits@1.0.0');
    expect([phase, ordered(ids.a), ordered(ids.b)]).toEqual(['rolling', '1.0.0', '1.0.0']);
    await report(ids.a);
    expect(conductor.view(id).phase).toBe('rolling');
    await report(ids.b);
    expect(conductor.view(id)).toMatchObject({
      phase: 'done',
      devices: [
        { device: ids.a, state: 'serving' },
        { device: ids.b, state: 'serving' },
      ],
    });
  });

  it('is for the devices with its labels only', async () => {
    const { devices } = await create('digits@1.0.0', { labels: { site: 'north' } });
    expect(devices.map(({ device }) => device)).toEqual([ids.a]);
    expect(ordered(ids.b)).toBeUndefined();
  });

  it('reaches a device that joins later', async () => {
    const { id } = await create('digits@1.0.0');
    const late = deviceOf('c-0123456789abcdef', {});
    await fleet.add(late);
    await conductor.joined(late.id);
    expect(ordered(late.id)).toBe('1.0.0');
    expect(conductor.view(id).devices).toHaveLength(3);
  });

  it('gives way to a newer one of its model: the newest that is for a device wins', async () => {
    const first = await create('digits@1.0.0');
    const north = await create('digits@1.1.0', { labels: { site: 'north' } });
    expect([ordered(ids.a), ordered(ids.b)]).toEqual(['1.1.0', '1.0.0']);
    expect(conductor.view(first.id)).toMatchObject({ phase: 'rolling', devices: [{ device: ids.b }] });
    const back = await create('digits@1.0.0');
    expect([ordered(ids.a), ordered(ids.b)]).toEqual(['1.0.0', '1.0.0']);
    expect(conductor.views().map(({ id, phase }) => [id, phase])).toEqual([
      [back.id, 'rolling'],
      [north.id, 'superseded'],
      [first.id, 'superseded'],
    ]);
  });

  it('leaves other models alone', async () => {
    catalog.list('vad', '5.0.0');
    await create('digits@1.0.0');
    await create('vad@5.0.0');
    expect(Object.keys(orders.of(ids.a)?.models ?? {})).toEqual(['digits', 'vad']);
  });

  it('goes on after a restart between storing it and ordering it', async () => {
    await create('digits@1.0.0');
    database.sqlite.exec('delete from orders');
    conductor.stop();
    await start();
    expect([ordered(ids.a), ordered(ids.b)]).toEqual(['1.0.0', '1.0.0']);
  });

  it('stores a phase with the next report when it could not be stored before', async () => {
    const { id } = await create('digits@1.0.0');
    const stored = () => database.sqlite.prepare('select phase from rollouts').get();
    await report(ids.a);
    database.sqlite.exec(`create trigger full before update on rollouts begin select raise(abort, 'disk full'); end`);
    await report(ids.b);
    expect([conductor.view(id).phase, stored()]).toEqual(['rolling', { phase: 'rolling' }]);
    database.sqlite.exec('drop trigger full');
    await report(ids.b);
    expect([conductor.view(id).phase, stored()]).toEqual(['done', { phase: 'done' }]);
  });

  it('asks the devices that refused it again, by another entry of the order, and nobody else', async () => {
    const { id, actions } = await create('digits@1.0.0');
    expect(actions).toEqual(['rollback']);
    const decide = (why: string | null) =>
      conductor.decide(id, { action: 'retry', by: 'operator:a', why, keep: false, all: false });
    await expect(decide(null)).rejects.toMatchObject({ code: 'action-conflict' });
    await report(ids.b);
    const manifest = orders.of(ids.a)?.models['digits']?.stable.manifest ?? '';
    const refusal = { code: 'digest', kind: 'permanent', message: 'no', atMs: 0, version: '1.0.0', manifest } as const;
    await report(ids.a, { models: [{ model: 'digits', serving: null, install: null, refusal }] });
    expect(conductor.view(id)).toMatchObject({ phase: 'held', actions: ['retry', 'rollback'] });
    await decide('the disk was changed');
    expect(orders.of(ids.a)?.models['digits']?.stable.attempt).toBe(1);
    expect(orders.of(ids.b)?.models['digits']?.stable.attempt).toBeUndefined();
    expect(conductor.view(id)).toMatchObject({
      phase: 'rolling',
      devices: [{ state: 'ordered' }, { state: 'serving' }],
    });
    conductor.stop();
    await start();
    expect(orders.of(ids.a)?.models['digits']?.stable.attempt).toBe(1);
    await report(ids.a);
    await report(ids.b);
    const { phase, timeline } = conductor.view(id);
    expect(phase).toBe('done');
    expect(timeline.map(({ text }) => text)).toContain('operator:a: retry: the disk was changed');
  });

  it('is done again after a restart without a new word from the devices in between', async () => {
    const { id } = await create('digits@1.0.0');
    await report(ids.a);
    await report(ids.b);
    conductor.stop();
    await start();
    expect(conductor.view(id).phase).toBe('done');
  });
});

describe('a release', () => {
  it.each([
    ['digits', 'release-malformed'],
    ['digits@9.9.9', 'release-unknown'],
    ['digits@1.2.0', 'release-not-approved'],
    ['digits@1.3.0', 'release-withdrawn'],
  ])('%s cannot be rolled out: %s', async (release, code) => {
    catalog.list('digits', '1.2.0', { production: false });
    catalog.list('digits', '1.3.0', { withdrawn: 'it is wrong' });
    await expect(create(release)).rejects.toMatchObject({ code });
    expect(conductor.views()).toEqual([]);
  });

  it('without approval goes to staging devices only, and to the others once it is approved', async () => {
    catalog.list('digits', '1.2.0', { production: false });
    await report(ids.a, { stage: 'staging' });
    await create('digits@1.2.0', { labels: { site: 'north' } });
    expect([ordered(ids.a), ordered(ids.b)]).toEqual(['1.2.0', undefined]);
    const late = deviceOf('c-0123456789abcdef', { site: 'north' });
    await fleet.add(late);
    await conductor.joined(late.id);
    expect(ordered(late.id)).toBeUndefined();
    catalog.list('digits', '1.2.0', { production: true });
    await expect.poll(() => ordered(late.id)).toBe('1.2.0');
  });
});
