import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Audit } from '@bellwether/control-plane/audit/audit';
import type { AuditEntry } from '@bellwether/control-plane/audit/audit-row';
import { AuditStoreSql } from '@bellwether/control-plane/audit/audit-store-sql';
import type { CatalogRelease } from '@bellwether/control-plane/catalog/catalog';
import { FleetStoreSql } from '@bellwether/control-plane/fleet/fleet-store-sql';
import { decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import { ReleaseEventsSql } from '@bellwether/control-plane/timeline/release-events-sql';
import { rolloutEvent } from '@bellwether/control-plane/timeline/rollout-events';
import { TimelineStoreSql } from '@bellwether/control-plane/timeline/timeline-store-sql';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { ManualClock } from '../../support/manual-clock.js';
import { storedDevice } from '../../support/stored-device.js';
import { bytesOf, deviceId } from '../../support/telemetry-messages.js';

let database: TestDatabase;
let timeline: TimelineStoreSql;
beforeEach(async () => {
  database = await temporaryDatabase(':memory:');
  timeline = new TimelineStoreSql(database.sqlite);
});
afterEach(() => database.remove());

const rows = () => timeline.page({}, 100).events.reverse();
const texts = () => rows().map(({ kind, message }) => `${kind}: ${message}`);

describe('decisions', () => {
  const decide = (entry: Omit<AuditEntry, 'actor'>) =>
    new Audit(new AuditStoreSql(database.sqlite, timeline), new ManualClock()).record({
      actor: 'operator:alice',
      ...entry,
    });

  it('are told with who took them, and what they are about', () => {
    decide({ action: 'device.decommission', subject: deviceId });
    decide({
      action: 'rollout.create',
      subject: 'r7',
      details: { release: 'digits@1.1.0', to: '"all"', policy: 'fast' },
    });
    decide({ action: 'release.promote', subject: 'digits@1.1.0', details: { note: 'better' } });
    expect(rows()).toMatchObject([
      { kind: 'device-decommissioned', device: deviceId, source: 'audit', actor: 'operator:alice' },
      { kind: 'rollout-created', rollout: 'r7', release: 'digits@1.1.0', model: 'digits', device: null },
      { kind: 'approval-asked', release: 'digits@1.1.0', message: 'better' },
    ]);
  });

  it.each([
    ['digits@1.0.0+1.1.0:split:5%', 'digits@1.1.0'],
    ['digits@1.0.0', 'digits@1.0.0'],
    ['digits@1.0.0 vad@2.0.0', null],
    ['', null],
  ])('an order of %j is about %s', (models, release) => {
    decide({ action: 'order.issue', subject: deviceId, details: { epoch: 1, generation: 4, digest: 'd', models } });
    expect(rows()).toMatchObject([{ kind: 'order-issued', device: deviceId, release }]);
  });

  it('about people and how they come in stay in the audit log: a viewer reads the timeline', () => {
    for (const action of [
      'operator.add',
      'login.fail',
      'api-token.create',
      'consumer.create',
      'session.open',
    ] as const) {
      decide({ action, subject: 'alice' });
    }
    expect(rows()).toEqual([]);
  });

  it('that are not stored are not told', () => {
    const store = new AuditStoreSql(database.sqlite, timeline);
    const audit = new Audit(store, new ManualClock());
    database.sqlite.exec(`create trigger full before insert on audit_rows when new.sequence = 2
      begin select raise(abort, 'disk full'); end`);
    const entry = { actor: 'server', action: 'device.approve', subject: deviceId } as const;
    expect(() => audit.recordAll([entry, entry])).toThrow('disk full');
    expect(rows()).toEqual([]);
  });
});

describe('presence', () => {
  const arrive = (state: string, runId: string, arrivedAtMs: number) =>
    new TelemetryStoreSql(database.sqlite, undefined, timeline).commit([
      {
        device: deviceId,
        what: 'presence',
        arrivedAtMs,
        decoded: decodeMessage(deviceId, 'presence', bytesOf({ version: 1, state, runId })),
      },
    ]);

  it('is told when it changes, and not again after a restart', async () => {
    await new FleetStoreSql(database).insertDevice(storedDevice());
    const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];
    arrive('online', first, 1000);
    arrive('online', first, 2000);
    arrive('online', second, 3000);
    // The last will of the connection before: it says nothing of the one that stands.
    arrive('offline', first, 4000);
    arrive('offline', second, 5000);
    arrive('offline', second, 6000);
    arrive('online', second, 7000);
    expect(rows().map(({ kind, atMs, source }) => [kind, atMs, source])).toEqual([
      ['device-online', 1000, 'server'],
      ['device-offline', 5000, 'server'],
      ['device-online', 7000, 'server'],
    ]);
  });
});

describe('the catalogue', () => {
  const listed = (changes: Partial<CatalogRelease>) =>
    [
      { model: 'digits', version: '1.1.0', staging: true, production: false, withdrawn: null, ...changes },
    ] as unknown as readonly CatalogRelease[];
  const look = (releases: readonly CatalogRelease[]) =>
    new ReleaseEventsSql(database.sqlite, timeline).look(releases, 5);

  it('tells once what changes in it, also what changed while no server ran', () => {
    look([]);
    look(listed({}));
    look(listed({}));
    look(listed({ production: true }));
    look(listed({ production: true, withdrawn: 'wrong labels' }));
    look([]);
    look(listed({ production: true, withdrawn: 'wrong labels' }));
    const told = texts();
    // Not even when its rows have become too old.
    database.sqlite.exec('delete from events');
    look(listed({ production: true, withdrawn: 'wrong labels' }));
    expect(texts()).toEqual([]);
    expect(told).toEqual([
      'release-published: a publisher signed it for staging',
      'release-approved: an approver signed it for production',
      'release-withdrawn: withdrawn: wrong labels',
    ]);
  });

  it('of a server that had one before it had a timeline is no news', () => {
    look(listed({ production: true }));
    expect(texts()).toEqual([]);
    look(listed({ production: true, withdrawn: 'x' }));
    expect(texts()).toEqual(['release-withdrawn: withdrawn: x']);
  });
});

it.each([
  [{ code: 'pause', text: 'operator:alice: pause', by: 'operator:alice' }, 'rollout-decision', 'operator:alice'],
  [{ code: 'step', text: 'step 2 of 3 began' }, 'rollout-step', 'server'],
  [{ code: 'harm', text: 'rolling-back: errors' }, 'rollout-phase', 'server'],
])('a moment %j is a %s by %s', (moment, kind, actor) => {
  timeline.add(rolloutEvent({ ...moment, rollout: 'r7', release: 'digits@1.1.0', number: 3, atMs: 5 }));
  expect(rows()).toMatchObject([{ kind, actor, rollout: 'r7', release: 'digits@1.1.0', code: moment.code }]);
});
