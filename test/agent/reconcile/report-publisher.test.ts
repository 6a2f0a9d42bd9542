import { describe, expect, it } from 'vitest';
import { makeReport, type ReportContent } from '@bellwether/agent/reconcile/report';
import { ReportPublisher } from '@bellwether/agent/reconcile/report-publisher';
import { decodeReport, type Report } from '@bellwether/shared/contract/report';
import { silentLog } from '@bellwether/shared/log';
import type { Envelope } from '@bellwether/shared/signing/envelope';
import { ManualClock } from '../../support/manual-clock.js';
import { deviceNamed } from '../../support/signed-order.js';
import { readVector } from '../../support/vectors.js';

/** An uplink that keeps what it is given; the test says when it fails. */
class Line {
  connected = true;
  isFailing = false;
  keepsReceipts = true;
  readonly reports: Report[] = [];
  gate: Promise<void> = Promise.resolve();

  async publish(_topic: string, payload: Uint8Array): Promise<void> {
    await this.gate;
    if (this.isFailing) throw new Error('the broker does not answer');
    this.reports.push(decodeReport(payload));
  }

  get bootIds(): string[] {
    return this.reports.map(({ bootId }) => bootId);
  }
}

function setUp() {
  const line = new Line();
  const clock = new ManualClock();
  const receiptFor = () => (line.keepsReceipts ? Promise.resolve(receipt) : Promise.reject(new Error('no space left')));
  return { line, clock, publisher: new ReportPublisher({ uplink: line, receiptFor, clock, log: silentLog }) };
}

/** A report that says one thing: its boot id. */
function content(bootId: string): ReportContent {
  const agent = { version: '0.1.0', node: '20', platform: 'linux', arch: 'x64' };
  return makeReport({
    identity: { device: deviceNamed('meadow').id, runId: '0'.repeat(32), bootId, agent, stage: 'production' },
    development: false,
    accepted: null,
    metadata: null,
    auditHead: null,
    observed: {
      order: null,
      models: [],
      probation: { minutes: 1, calls: 1, maxHours: 1 },
      onNoAllowedRelease: 'keep',
    },
    orderRefusal: null,
    servingSinceMs: () => 0,
    progress: null,
    isDiskUnwritable: false,
  });
}

const { envelope: receipt } = readVector<{ envelope: Envelope }>('receipt');
const settled = () => new Promise(setImmediate);

describe('reports', () => {
  it('go out on every change, with growing numbers, and not otherwise', async () => {
    const { line, publisher } = setUp();
    for (const bootId of ['a', 'a', 'b']) {
      publisher.offer(content(bootId));
      await settled();
    }
    expect(line.bootIds).toEqual(['a', 'b']);
    expect(line.reports.map(({ sequence }) => sequence)).toEqual([0, 1]);
  });

  it('go out again on every connection', async () => {
    const { line, publisher } = setUp();
    publisher.offer(content('a'));
    await settled();
    publisher.connected();
    await settled();
    expect(line.bootIds).toEqual(['a', 'a']);
  });

  it('of work under way that follow each other in a moment are told together, and where it ends at once', async () => {
    const { line, clock, publisher } = setUp();
    const offer = async (bootId: string, state: ReportContent['state']) => {
      publisher.offer({ ...content(bootId), state });
      await settled();
    };
    await offer('a', 'working');
    await offer('b', 'working');
    await offer('c', 'working');
    expect(line.bootIds).toEqual(['a']);
    await clock.advance(250);
    await settled();
    expect(line.bootIds).toEqual(['a', 'c']);
    await offer('d', 'working');
    await offer('e', 'converged');
    expect(line.bootIds).toEqual(['a', 'c', 'e']);
    await offer('f', 'converged');
    expect(line.bootIds).toEqual(['a', 'c', 'e', 'f']);
    await offer('g', 'working');
    await offer('h', 'working');
    await publisher.stop();
    expect(line.bootIds).toEqual(['a', 'c', 'e', 'f', 'g']);
    expect(clock.pending).toEqual([]);
  });

  it('wait for a connection, and then only the newest goes', async () => {
    const { line, publisher } = setUp();
    line.connected = false;
    publisher.offer(content('a'));
    publisher.offer(content('b'));
    await settled();
    expect(line.reports).toEqual([]);
    line.connected = true;
    publisher.connected();
    await settled();
    expect(line.bootIds).toEqual(['b']);
  });

  it('that are overtaken while one is on its way are not sent', async () => {
    const { line, publisher } = setUp();
    let open: () => void = () => {};
    line.gate = new Promise((resolve) => {
      open = resolve;
    });
    for (const bootId of ['a', 'b', 'c']) publisher.offer(content(bootId));
    open();
    await settled();
    expect(line.bootIds).toEqual(['a', 'c']);
  });

  it('that did not get through are sent again', async () => {
    const { line, clock, publisher } = setUp();
    line.isFailing = true;
    publisher.offer(content('a'));
    await settled();
    line.isFailing = false;
    await clock.advance(5_000);
    expect(line.bootIds).toEqual(['a']);
  });

  it('carry their receipt, and go out without one when it cannot be kept', async () => {
    const { line, publisher } = setUp();
    publisher.offer(content('a'));
    await settled();
    line.keepsReceipts = false;
    publisher.offer(content('b'));
    await settled();
    expect(line.reports.map((report) => report.receipt)).toEqual([receipt, null]);
  });

  it('end when it is stopped', async () => {
    const { line, clock, publisher } = setUp();
    line.isFailing = true;
    publisher.offer(content('a'));
    await settled();
    await publisher.stop();
    await publisher.stop();
    publisher.offer(content('b'));
    await settled();
    expect(line.reports).toEqual([]);
    expect(clock.pending).toEqual([]);
  });
});
