import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditTrail } from '@bellwether/control-plane/audit/audit-row';
import { DeviceDecisions } from '@bellwether/control-plane/fleet/device-decisions';
import { DeviceRates } from '@bellwether/control-plane/fleet/device-rates';
import { Enrolment } from '@bellwether/control-plane/fleet/enrolment';
import { Fleet } from '@bellwether/control-plane/fleet/fleet';
import { FleetStoreSql } from '@bellwether/control-plane/fleet/fleet-store-sql';
import { createJoinToken } from '@bellwether/control-plane/fleet/join-tokens';
import { fingerprintOf } from '@bellwether/shared/ids';
import { silentLog } from '@bellwether/shared/log';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { FleetDevice } from '../../support/fleet-device.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordedAudit } from '../../support/recorded-audit.js';
import { storedDevice } from '../../support/stored-device.js';

/** The disk is full: the log takes nothing. */
const fullAudit: AuditTrail = {
  record: () => {
    throw new Error('the log is full');
  },
  recordSoon: async () => {
    throw new Error('the log is full');
  },
};
const by = 'operator:alice';
const clock = new ManualClock();
const { publicKey } = generateKeyPair();
const id = storedDevice().id;
let database: TestDatabase;
let store: FleetStoreSql;
let fleet: Fleet;
let told: string[] = [];
beforeEach(async () => {
  database = await temporaryDatabase();
  store = new FleetStoreSql(database);
  fleet = new Fleet(store);
  told = [];
});
afterEach(() => database.remove());

function decisionsWith(audit: AuditTrail): DeviceDecisions {
  const tell = (what: string) => async (device: string) => void told.push(`${what} ${device}`);
  return new DeviceDecisions({
    store,
    fleet,
    clock,
    audit,
    log: silentLog,
    channel: { disconnect: (device) => told.push(`disconnect ${device}`) },
    orders: { withdraw: tell('withdraw') },
    conductor: { joined: tell('joined'), heardFrom: tell('heard'), left: () => {} },
    changed: () => {},
  });
}

describe('what is decided about a device', () => {
  it('is a row for each device, also for those that go with their join token', async () => {
    const audit = new RecordedAudit();
    const token = await createJoinToken({ store, clock, audit, by }, { uses: 2 });
    for (const name of ['a', 'b']) {
      await fleet.add(storedDevice({ id: `${name}-0123456789abcdef`, tokenId: token.id }));
    }
    await decisionsWith(audit).revokeToken(token.id, { decommission: true, by });
    expect(audit.entries.map(({ action, actor }) => [action, actor])).toEqual([
      ['join-token.create', by],
      ['join-token.revoke', by],
      ['device.decommission', by],
      ['device.decommission', by],
    ]);
  });

  it('lets nobody in that is on no record', async () => {
    await fleet.add(storedDevice({ standing: 'pending' }));
    await expect(decisionsWith(fullAudit).take(id, 'approve', by)).rejects.toThrow('the log is full');
    expect(fleet.get(id).standing).toBe('pending');
    expect((await store.devices())[0]?.standing).toBe('pending');
    expect(told).toEqual([]);
  });

  it('takes no other key of a device that is on no record', async () => {
    await fleet.add(storedDevice({ nextKey: publicKey }));
    const approval = decisionsWith(fullAudit).approveKey(id, fingerprintOf(publicKey), by);
    await expect(approval).rejects.toThrow('the log is full');
    expect(fleet.get(id)).toMatchObject({ nextKey: publicKey, formerKeys: [] });
  });

  it('puts a device out though that cannot be written down', async () => {
    await fleet.add(storedDevice());
    await expect(decisionsWith(fullAudit).take(id, 'decommission', by)).rejects.toThrow('the log is full');
    expect(fleet.get(id).standing).toBe('decommissioned');
    expect(told).toEqual([`disconnect ${id}`, `withdraw ${id}`]);
  });
});

describe('what would let a device in', () => {
  it('is not made when it is on no record: neither a join token nor an enrolment', async () => {
    await expect(createJoinToken({ store, clock, audit: fullAudit, by }, {})).rejects.toThrow('the log is full');
    expect(await store.tokens()).toEqual([]);
    const { token } = await createJoinToken({ store, clock, audit: new RecordedAudit(), by }, {});
    const parts = { store, fleet, clock, log: silentLog, rates: new DeviceRates(), joined: async () => {} };
    const device = new FleetDevice(() => '', 'pi');
    const enrolment = new Enrolment({ ...parts, audit: fullAudit }).enrol(device.enrolmentBody(token), '192.0.2.1');
    await expect(enrolment).rejects.toThrow('the log is full');
    expect(fleet.find(device.id)).toBeUndefined();
  });
});
