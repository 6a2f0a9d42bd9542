import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeviceRates } from '@bellwether/control-plane/fleet/device-rates';
import { Enrolment } from '@bellwether/control-plane/fleet/enrolment';
import { Fleet } from '@bellwether/control-plane/fleet/fleet';
import { FleetStoreSql } from '@bellwether/control-plane/fleet/fleet-store-sql';
import { createJoinToken } from '@bellwether/control-plane/fleet/join-tokens';
import { KeyRotations } from '@bellwether/control-plane/fleet/key-rotation';
import { SessionNonces } from '@bellwether/control-plane/fleet/session-nonce';
import { silentLog } from '@bellwether/shared/log';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { FleetDevice } from '../../support/fleet-device.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordedAudit } from '../../support/recorded-audit.js';
import { refusalCode } from '../../support/refusal-code.js';

const address = '192.0.2.1';
const device = new FleetDevice(() => '', 'pi');
let database: TestDatabase;
let ask: (signers?: Parameters<FleetDevice['keyRotationBody']>[2]) => Promise<string>;
let audit: RecordedAudit;
beforeEach(async () => {
  database = await temporaryDatabase();
  const clock = new ManualClock();
  const store = new FleetStoreSql(database);
  const fleet = new Fleet(store);
  const [nonces, rates] = [new SessionNonces(), new DeviceRates()];
  audit = new RecordedAudit();
  const parts = { fleet, clock, rates, audit, log: silentLog };
  const enrolment = new Enrolment({ ...parts, store, joined: async () => {} });
  const rotations = new KeyRotations({ ...parts, nonces, changed: () => {} });
  const { token } = await createJoinToken({ store, clock, audit, by: 'server' }, {});
  await enrolment.enrol(device.enrolmentBody(token), address);
  ask = async (signers) => {
    const nonce = nonces.issue(device.id, clock.now().wallMs);
    return refusalCode(() => rotations.request(device.keyRotationBody(nonce, generateKeyPair(), signers), address));
  };
});
afterEach(() => database.remove());

/** How many of thirty have this outcome. */
async function countOf(outcome: string, signers?: Parameters<typeof ask>[0]): Promise<number> {
  let count = 0;
  for (let i = 0; i < 30; i++) if ((await ask(signers)) === outcome) count++;
  return count;
}

describe('requests for another key', () => {
  it('are ten of one device at once: each is a row of the audit log', async () => {
    expect(await countOf('passed')).toBe(10);
    expect(await ask()).toBe('device-rate');
    expect(audit.entries.filter(({ action }) => action === 'device-key.request')).toHaveLength(10);
  });

  it('that prove nothing cost their address, and the device nothing', async () => {
    expect(await countOf('proof-invalid', [device.key])).toBe(20);
    expect(await ask([device.key])).toBe('device-rate');
    expect(await ask()).toBe('passed');
  });
});
