import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeviceRates } from '@bellwether/control-plane/fleet/device-rates';
import { Enrolment } from '@bellwether/control-plane/fleet/enrolment';
import { Fleet } from '@bellwether/control-plane/fleet/fleet';
import { FleetStoreSql } from '@bellwether/control-plane/fleet/fleet-store-sql';
import { createJoinToken } from '@bellwether/control-plane/fleet/join-tokens';
import type { EnrolmentRequest } from '@bellwether/shared/contract/http-api';
import { silentLog } from '@bellwether/shared/log';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { FleetDevice } from '../../support/fleet-device.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordedAudit } from '../../support/recorded-audit.js';

let database: TestDatabase;
let clock: ManualClock;
let store: FleetStoreSql;
let fleet: Fleet;
let enrolment: Enrolment;
let audit: RecordedAudit;
let joined: string[] = [];
beforeEach(async () => {
  database = await temporaryDatabase();
  clock = new ManualClock();
  store = new FleetStoreSql(database);
  fleet = new Fleet(store);
  joined = [];
  audit = new RecordedAudit();
  enrolment = new Enrolment({
    store,
    fleet,
    clock,
    log: silentLog,
    audit,
    rates: new DeviceRates(),
    joined: async (device) => {
      joined.push(device);
    },
  });
});
afterEach(() => database.remove());

const enrol = (body: EnrolmentRequest) => enrolment.enrol(body, '192.0.2.1');
const device = (name = 'pi') => new FleetDevice(() => '', name);
const tokenOf = async (request = {}) =>
  (await createJoinToken({ store, clock, audit: new RecordedAudit(), by: 'server' }, request)).token;

describe('enrolment', () => {
  it('lets a device in once that asks twice at the same moment, and takes one use of its token', async () => {
    const token = await tokenOf({ uses: 2 });
    const pi = device();
    const answers = await Promise.all([enrol(pi.enrolmentBody(token)), enrol(pi.enrolmentBody(token))]);
    expect(answers[0]).toEqual(answers[1]);
    expect(joined).toEqual([pi.id]);
    expect((await store.tokens())[0]?.usesLeft).toBe(1);
  });

  it('gives a token with one use to one of a crowd that comes in the same moment', async () => {
    const token = await tokenOf({ uses: 1 });
    const crowd = ['a', 'b', 'c'].map((name) => enrol(device(name).enrolmentBody(token)));
    const settled = await Promise.allSettled(crowd);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await store.devices()).toHaveLength(1);
  });

  it('lets a device in that holds a token, with the token’s labels', async () => {
    const token = await tokenOf({ labels: { hardware: 'rpi4' } });
    const pi = device();
    expect(await enrol(pi.enrolmentBody(token))).toEqual({
      device: pi.id,
      labels: { hardware: 'rpi4' },
      standing: 'approved',
    });
    expect(joined).toEqual([pi.id]);
    expect(audit.entries).toMatchObject([{ actor: `device:${pi.id}`, action: 'device.enrol', subject: pi.id }]);
    expect(fleet.get(pi.id)).toMatchObject({ publicKey: pi.key.publicKey, presence: 'never' });
    expect(await store.devices()).toMatchObject([{ id: pi.id, labels: { hardware: 'rpi4' } }]);
  });

  it('tells an address twenty times that its proof is wrong, whatever its token', async () => {
    const request = device().enrolmentBody(await tokenOf(), { tokenDigest: '0'.repeat(64) });
    for (let i = 0; i < 20; i++) await expect(enrol(request)).rejects.toMatchObject({ code: 'proof-invalid' });
    await expect(enrol(request)).rejects.toMatchObject({ code: 'device-rate' });
  });

  it('gives the same answer again when the answer was lost, and takes no second use', async () => {
    const token = await tokenOf({ uses: 2 });
    const pi = device();
    const first = await enrol(pi.enrolmentBody(token));
    expect(await enrol(pi.enrolmentBody(token))).toEqual(first);
    await enrol(device().enrolmentBody(token));
    expect(joined).toHaveLength(2);
  });

  it('refuses a token that is used up, even when two ask at once', async () => {
    const token = await tokenOf({ uses: 1 });
    const results = await Promise.allSettled(
      [device('a'), device('b')].map((each) => enrol(each.enrolmentBody(token))),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(enrol(device('c').enrolmentBody(token))).rejects.toMatchObject({ code: 'token-spent' });
  });

  it('refuses an expired token and an unknown one', async () => {
    const token = await tokenOf({ hours: 1 });
    await clock.advance(3_600_000);
    await expect(enrol(device().enrolmentBody(token))).rejects.toMatchObject({ code: 'token-expired' });
    await expect(enrol(device().enrolmentBody('bwj_unknown-token'))).rejects.toMatchObject({
      code: 'token-invalid',
    });
  });

  it('refuses a revoked token, but not the device that came by it before', async () => {
    const token = await tokenOf({ uses: 2 });
    const pi = device();
    await enrol(pi.enrolmentBody(token));
    const id = (await store.tokens())[0]?.id ?? '';
    expect(await store.revokeToken(id, clock.now().wallMs)).toBe(true);
    await expect(enrol(device().enrolmentBody(token))).rejects.toMatchObject({ code: 'token-revoked' });
    expect(await store.takeUse(id, clock.now().wallMs)).toBe(false);
    expect(await enrol(pi.enrolmentBody(token))).toMatchObject({ device: pi.id });
    expect(await store.revokeToken('000000000000', 0)).toBe(false);
  });

  it('lets a device wait that comes by a token of the kind approve', async () => {
    const pi = device();
    expect(await enrol(pi.enrolmentBody(await tokenOf({ kind: 'approve' })))).toMatchObject({
      standing: 'pending',
    });
    expect([fleet.isMember(pi.id), fleet.members()]).toEqual([false, []]);
    expect(await store.devices()).toMatchObject([{ id: pi.id, standing: 'pending' }]);
  });

  it('refuses the key of a decommissioned device for ever, whatever its name and token', async () => {
    const key = generateKeyPair();
    const token = await tokenOf();
    const pi = new FleetDevice(() => '', 'pi', key);
    await enrol(pi.enrolmentBody(token));
    await fleet.decide(pi.id, { standing: 'decommissioned' });
    for (const name of ['pi', 'renamed']) {
      const again = new FleetDevice(() => '', name, key);
      for (const joinToken of [token, await tokenOf()]) {
        await expect(enrol(again.enrolmentBody(joinToken))).rejects.toMatchObject({
          code: 'device-decommissioned',
        });
      }
    }
  });

  it('refuses one key for two devices', async () => {
    const key = generateKeyPair();
    await enrol(new FleetDevice(() => '', 'pi', key).enrolmentBody(await tokenOf()));
    const second = new FleetDevice(() => '', 'second', key).enrolmentBody(await tokenOf());
    await expect(enrol(second)).rejects.toMatchObject({ code: 'key-taken' });
  });

  it('keeps only the token’s digest', async () => {
    const token = await tokenOf();
    const rows = JSON.stringify(database.sqlite.prepare('select * from join_tokens').all());
    expect(rows).not.toContain(token.slice(4));
  });

  it('refuses a device that shows a key which it does not hold', async () => {
    const token = await tokenOf();
    const victim = generateKeyPair().publicKey;
    await expect(enrol(device().enrolmentBody(token, { public: victim }))).rejects.toMatchObject({
      code: 'proof-invalid',
    });
  });

  it('refuses a proof that was made for another token', async () => {
    const stolen = device().enrolmentBody(await tokenOf());
    const joinToken = await tokenOf();
    await expect(enrol({ ...stolen, joinToken })).rejects.toMatchObject({ code: 'proof-invalid' });
  });

  it.each([null, 'text', {}, { payload: 5 }, { payload: 'e30=' }, []])(
    'refuses %j in place of an envelope',
    async (envelope) => {
      const joinToken = await tokenOf();
      await expect(enrol({ joinToken, envelope })).rejects.toMatchObject({ code: 'proof-invalid' });
      expect(joined).toEqual([]);
    },
  );
});
