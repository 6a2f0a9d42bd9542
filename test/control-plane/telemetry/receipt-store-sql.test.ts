import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FleetStoreSql } from '@bellwether/control-plane/fleet/fleet-store-sql';
import { decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import { TimelineStoreSql } from '@bellwether/control-plane/timeline/timeline-store-sql';
import { reportDigest } from '@bellwether/shared/contract/receipt-chain';
import type { Report } from '@bellwether/shared/contract/report';
import { sha256 } from '@bellwether/shared/signing/digest';
import { type Envelope, sealEnvelope } from '@bellwether/shared/signing/envelope';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { storedDevice } from '../../support/stored-device.js';
import { bytesOf, deviceId, reportOf } from '../../support/telemetry-messages.js';

const key = generateKeyPair();
let database: TestDatabase;
let store: TelemetryStoreSql;
beforeEach(async () => {
  database = await temporaryDatabase();
  store = new TelemetryStoreSql(database.sqlite, undefined, new TimelineStoreSql(database.sqlite));
  await new FleetStoreSql(database).insertDevice(storedDevice({ publicKey: key.publicKey }));
});
afterEach(() => database.remove());

interface Link {
  readonly report: Report;
  /** Of the receipt's payload. */
  readonly digest: string;
}

/** A report with its receipt, after `previous`; `word` makes it another one of the same place. */
function link(number: number, previous: string | null, { word = 'boot', signer = key } = {}): Link {
  const unsigned = reportOf({ sequence: number, bootId: word });
  const { receipt: _none, ...facts } = unsigned;
  const { device, runId, bootId } = unsigned;
  const chain = { schema: 'bellwether.receipt.v1', device, number, previous, report: reportDigest(facts), atMs: 0 };
  const payload = { ...chain, runId, bootId, order: null, metadata: null, served: [] };
  const receipt = JSON.parse(Buffer.from(sealEnvelope('receipt', payload, [signer])).toString()) as Envelope;
  return { report: { ...unsigned, receipt }, digest: sha256(Buffer.from(JSON.stringify(payload))) };
}

function arrive(...links: readonly Link[]): void {
  for (const [i, { report }] of links.entries()) {
    const decoded = decodeMessage(deviceId, 'report', bytesOf(report));
    expect(store.commit([{ device: deviceId, what: 'report', arrivedAtMs: i, decoded }])).toEqual(['stored']);
  }
}

const verdicts = () => database.sqlite.prepare('select verdict from receipts order by rowid').pluck().all();
const events = () =>
  new TimelineStoreSql(database.sqlite)
    .page({}, 10)
    .events.map(({ kind, code }) => (code === null ? kind : `${kind} ${code}`));

describe('the receipts of a device', () => {
  it('are kept as one chain, each once, late ones too', () => {
    const first = link(1, null);
    const second = link(2, first.digest);
    const third = link(3, second.digest);
    const fourth = link(4, third.digest);
    arrive(first, second, second, fourth, third);
    expect(verdicts()).toEqual(['first', 'next', 'gap', 'late']);
    expect(events()).toEqual([]);
    expect(store.clones()).toEqual([]);
  });

  it('show a clone: two with one predecessor, whichever comes first, and it is told', () => {
    const first = link(1, null);
    const [mine, theirs] = [link(2, first.digest), link(2, first.digest, { word: 'other' })];
    arrive(first, theirs, mine, theirs);
    expect(verdicts()).toEqual(['first', 'next', 'clone']);
    expect(events()).toEqual(['clone']);
    expect(store.clones()).toEqual([{ device: deviceId, atMs: 2 }]);
  });

  it('show a clone that was set back and went on', () => {
    const first = link(1, null);
    const second = link(2, first.digest);
    arrive(first, second, link(3, second.digest), link(3, link(2, first.digest, { word: 'other' }).digest));
    expect(events()).toEqual(['clone']);
  });

  it('are refused, and it is told, when another key signed them or they are of another report', () => {
    arrive(link(1, null, { signer: generateKeyPair() }));
    expect(events()).toEqual(['receipt-refused envelope']);
    const moved = link(2, 'a'.repeat(64));
    arrive({ ...moved, report: { ...moved.report, health: 'critical' } });
    expect(verdicts()).toEqual([]);
    expect(events()).toEqual(['receipt-refused other-report', 'receipt-refused envelope']);
  });

  it('may be missing: the device says itself when it cannot keep them', () => {
    arrive({ report: reportOf(), digest: '' });
    expect([verdicts(), events()]).toEqual([[], []]);
  });

  it('are dropped with age, but the newest stays, and the chain goes on from it', () => {
    const first = link(1, null);
    const second = link(2, first.digest);
    arrive(first, second);
    store.trim({ windowsBeforeMs: 0, eventsBeforeMs: 100, runsBeforeMs: 0, rejectedMessages: 10, rowsPerPass: 10 });
    expect(verdicts()).toEqual(['next']);
    arrive(link(3, second.digest));
    expect(verdicts()).toEqual(['next', 'next']);
  });
});
