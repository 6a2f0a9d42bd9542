import { afterEach, describe, expect, it } from 'vitest';
import { defaultRules } from '@bellwether/control-plane/alerts/alert-rule';
import { AlertStoreSql } from '@bellwether/control-plane/alerts/alert-store-sql';
import { alertView } from '@bellwether/control-plane/alerts/alert-view';
import { Alerts, type ToldAlert } from '@bellwether/control-plane/alerts/alerts';
import type { Reading } from '@bellwether/control-plane/alerts/reading';
import type { AuditEntry } from '@bellwether/control-plane/audit/audit-row';
import { silentLog } from '@bellwether/shared/log';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { ManualClock } from '../../support/manual-clock.js';

const device = (n: number) => `pi-${String(n).padStart(16, '0')}`;
const silent = (n: number): Reading => {
  return { rule: 'device-silent', subject: {}, device: device(n), value: 400, sinceMs: 1000 + n };
};
let database: TestDatabase | undefined;
afterEach(async () => {
  await database?.remove();
  database = undefined;
});

/** A desk on a real database; what is wrong is in `readings`. */
async function opened() {
  database ??= await temporaryDatabase(':memory:');
  const { sqlite } = database;
  const world = {
    clock: new ManualClock(),
    readings: new Array<Reading>(),
    told: new Array<string>(),
    changed: new Array<string>(),
    audited: new Array<AuditEntry>(),
    store: new AlertStoreSql(sqlite),
    failing: false,
    resumed: new Array<string | null>(),
    causes: new Array<string>(),
  };
  const start = () => {
    const alerts = new Alerts({
      clock: world.clock,
      log: silentLog,
      store: world.store,
      rules: defaultRules,
      sources: [{ readings: () => world.readings, resume: ({ device: id }) => void world.resumed.push(id) }],
      audit: {
        record: (entry) => void world.audited.push(entry),
        recordSoon: () => Promise.resolve(),
      },
      causes: {
        of: () => null,
        keep: () => {},
        resume: (key, members) => void world.causes.push(`${key.trim()}: ${members.length}`),
      },
      labelsOf: (id) => ({ site: id.endsWith('1') ? 'north' : 'south' }),
      fleetSize: () => 100,
      keptMs: 86_400_000,
      storeNews: (told: readonly ToldAlert[]) => {
        if (world.failing) throw new Error('the disk is full');
        world.told.push(...told.map(({ news, alert }) => `${news} ${alert.id}`));
        for (const { alert, devices } of told) expect(devices).toHaveLength(alert.devices);
      },
      changed: (id) => void world.changed.push(id),
    });
    alerts.start();
    return alerts;
  };
  return { world, start };
}

const why = null;
const by = 'operator:ada';

describe('Alerts', () => {
  it('opens, is taken note of and resolves by itself; the decision is in the audit log', async () => {
    const { world, start } = await opened();
    const alerts = start();
    world.readings = [silent(1), silent(2)];
    await world.clock.advance(2000);
    expect(alerts.views()).toMatchObject([{ id: 'a1', state: 'open', devices: 2, named: [device(2), device(1)] }]);
    expect(alerts.acknowledge('a1', { by, why: 'known' })).toMatchObject({ state: 'acknowledged', acknowledgedBy: by });
    alerts.acknowledge('a1', { by, why });
    world.readings = [];
    await world.clock.advance(62_000);
    expect(alerts.active()).toEqual([]);
    expect(alerts.view('a1')).toMatchObject({ state: 'resolved', devices: 2 });
    expect(world.told).toEqual(['opened a1', 'acknowledged a1', 'resolved a1']);
    const details = { rule: 'device-silent', why: 'known' };
    expect(world.audited).toEqual([{ actor: by, action: 'alert.acknowledge', subject: 'a1', details }]);
    expect(() => alerts.acknowledge('a1', { by, why })).toThrow(expect.objectContaining({ code: 'alert-resolved' }));
    expect(() => alerts.view('a2')).toThrow(expect.objectContaining({ code: 'alert-unknown' }));
    alerts.stop();
  });

  it('goes on where it was after a restart, and opens nothing twice', async () => {
    const { world, start } = await opened();
    const first = start();
    world.readings = [silent(1), silent(2)];
    await world.clock.advance(2000);
    first.acknowledge('a1', { by, why });
    first.stop();
    // Nobody can tell yet whether they are back.
    world.readings = [
      { ...silent(1), value: null },
      { ...silent(2), value: null },
    ];
    const second = start();
    expect(world.resumed).toEqual([device(1), device(2)]);
    expect(world.causes).toEqual(['device-silent: 2']);
    await world.clock.advance(120_000);
    expect(second.active()).toMatchObject([{ id: 'a1', state: 'acknowledged', devices: 2 }]);
    world.readings = [];
    await world.clock.advance(62_000);
    expect(second.views()).toMatchObject([{ id: 'a1', state: 'resolved' }]);
    expect(world.told).toEqual(['opened a1', 'acknowledged a1', 'resolved a1']);
    second.stop();
  });

  it('shows what lasts and the newest that are resolved, as they are stored, without reading them again', async () => {
    const { world, start } = await opened();
    const first = start();
    const stored = (of: typeof first) => {
      const records = world.store.recent(200);
      expect(of.views()).toEqual(records.map(alertView));
      expect(of.told()).toEqual(records.filter(({ isTold }) => isTold).map(alertView));
      return records.map(({ state }) => state);
    };
    first.silences.create(
      { labels: { site: 'north' }, untilMs: world.clock.now().wallMs + 3_000_000, why: 'roof' },
      by,
    );
    for (const n of [1, 2, 3]) {
      world.readings = [silent(n)];
      await world.clock.advance(70_000);
      world.readings = [];
      await world.clock.advance(70_000);
    }
    world.readings = [silent(4)];
    await world.clock.advance(2000);
    expect(stored(first)).toEqual(['open', 'resolved', 'resolved', 'resolved']);
    first.stop();
    const second = start();
    expect(stored(second)).toHaveLength(4);
    // They are kept for a day, and looked at once an hour.
    world.clock.setWall(world.clock.now().wallMs + 86_400_000);
    await world.clock.advance(3_700_000);
    expect(stored(second)).toEqual(['open']);
    second.stop();
  });

  it('tells nobody of what is silenced until the silence ends, and survives a restart with it', async () => {
    const { world, start } = await opened();
    let alerts = start();
    const untilMs = world.clock.now().wallMs + 60_000;
    const silence = alerts.silences.create({ labels: { site: 'north' }, untilMs, why: 'roof' }, by);
    alerts.stop();
    alerts = start();
    expect(alerts.silences.all()).toEqual([silence]);
    world.readings = [silent(1)];
    await world.clock.advance(4000);
    expect(alerts.active()).toMatchObject([{ isSilenced: true }]);
    expect([world.told, world.changed]).toEqual([[], ['a1']]);
    await world.clock.advance(60_000);
    expect(world.told).toEqual(['opened a1']);
    expect(alerts.active()).toMatchObject([{ isSilenced: false }]);
    alerts.stop();
  });

  it('tells nobody while a recurring silence holds, tells what is still wrong when it ends, and is silent the next time', async () => {
    const { world, start } = await opened();
    let alerts = start();
    const every = { cron: '*/2 * * * *', timeZone: 'UTC', minutes: 1 };
    const nowMs = world.clock.now().wallMs;
    const request = { labels: { site: 'north' }, untilMs: nowMs + 86_400_000, every, why: 'at night' };
    expect(alerts.silences.create(request, by)).toMatchObject({ every });
    alerts.stop();
    alerts = start();
    world.readings = [silent(1)];
    await world.clock.advance(58_000);
    expect([alerts.active()[0]?.isSilenced, world.told]).toEqual([true, []]);
    await world.clock.advance(2000);
    expect([alerts.active()[0]?.isSilenced, world.told]).toEqual([false, ['opened a1']]);
    expect(alerts.silences.views()).toMatchObject([{ next: { fromMs: nowMs + 120_000, untilMs: nowMs + 180_000 } }]);
    await world.clock.advance(60_000);
    expect([alerts.active()[0]?.isSilenced, world.told]).toEqual([true, ['opened a1']]);
    const impossible: unknown = expect.objectContaining({ code: 'silence-impossible' });
    const refused = (changes: Partial<typeof every>) => () =>
      alerts.silences.create({ ...request, every: { ...every, ...changes } }, by);
    expect(refused({ cron: 'at night' })).toThrow(impossible);
    expect(refused({ cron: '0 0 30 2 *' })).toThrow(impossible);
    expect(refused({ timeZone: 'Berlin' })).toThrow("the silence's time zone Berlin is none");
    expect(() => alerts.silences.create({ ...request, untilMs: nowMs + 367 * 86_400_000 }, by)).toThrow(impossible);
    alerts.stop();
  });

  it('ends a silence at once, and refuses one that says nothing', async () => {
    const { world, start } = await opened();
    const alerts = start();
    const nowMs = world.clock.now().wallMs;
    const { id } = alerts.silences.create({ untilMs: nowMs + 60_000, why: 'roof' }, by);
    world.readings = [silent(1)];
    await world.clock.advance(2000);
    alerts.silences.end(id, by);
    expect(world.told).toEqual(['opened a1']);
    const refused = (request: { untilMs: number; fromMs?: number }) => () =>
      alerts.silences.create({ ...request, why: 'x' }, by);
    const impossible: unknown = expect.objectContaining({ code: 'silence-impossible' });
    expect(refused({ untilMs: nowMs })).toThrow(impossible);
    expect(refused({ fromMs: nowMs + 9_000_000, untilMs: nowMs + 8_000_000 })).toThrow(impossible);
    expect(refused({ untilMs: nowMs + 91 * 86_400_000 })).toThrow(impossible);
    expect(() => alerts.silences.end(id, by)).toThrow(expect.objectContaining({ code: 'silence-unknown' }));
    alerts.stop();
  });

  it('neither keeps nor tells what could not be stored, and tries again', async () => {
    const { world, start } = await opened();
    const alerts = start();
    world.readings = [silent(1)];
    world.failing = true;
    await world.clock.advance(2000);
    expect([alerts.active(), alerts.views(), world.changed]).toEqual([[], [], []]);
    world.failing = false;
    await world.clock.advance(2000);
    expect([alerts.views().length, world.told]).toEqual([1, ['opened a1']]);
    alerts.stop();
  });

  it('forgets what has long been over', async () => {
    const { world, start } = await opened();
    const alerts = start();
    world.readings = [silent(1)];
    await world.clock.advance(2000);
    world.readings = [];
    await world.clock.advance(3_700_000);
    expect(alerts.views()).toHaveLength(1);
    alerts.stop();
    world.clock.setWall(world.clock.now().wallMs + 86_400_000);
    const later = start();
    await world.clock.advance(4_000_000);
    expect(later.views()).toEqual([]);
    later.stop();
  });

  it('lets the database refuse a second one of the same rule and subject', async () => {
    const { world, start } = await opened();
    const alerts = start();
    world.readings = [silent(1)];
    await world.clock.advance(2000);
    const [stored] = world.store.recent(0);
    if (stored === undefined) throw new Error('nothing was stored');
    expect(() => world.store.save([{ ...stored, number: undefined }])).toThrow(/UNIQUE/);
    alerts.stop();
  });
});
