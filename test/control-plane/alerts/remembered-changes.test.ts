import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DeviceChange } from '@bellwether/control-plane/alerts/attribution-facts';
import { ChangeBook } from '@bellwether/control-plane/alerts/change-book';
import { rememberChanges } from '@bellwether/control-plane/alerts/remembered-changes';
import { decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import { storedSystems } from '@bellwether/control-plane/telemetry/system-changes-sql';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import { TimelineStoreSql } from '@bellwether/control-plane/timeline/timeline-store-sql';
import type { DeviceEvent } from '@bellwether/shared/contract/event';
import type { Report } from '@bellwether/shared/contract/report';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { storedDevice } from '../../support/stored-device.js';
import { bytesOf, deviceId, eventOf, reportOf } from '../../support/telemetry-messages.js';

const t0 = 1_700_000_000_000;
const minuteMs = 60_000;
const machine = (kernel: string) => {
  return { hardware: 'Pi 4', cpu: 'arm', cores: 4, memoryBytes: 1, os: 'Debian 12', kernel };
};

let database: TestDatabase;
let timeline: TimelineStoreSql;
let store: TelemetryStoreSql;
let newest: Report | null;
let sequence: number;
beforeEach(async () => {
  database = await temporaryDatabase(':memory:');
  timeline = new TimelineStoreSql(database.sqlite);
  store = new TelemetryStoreSql(database.sqlite, undefined, timeline);
  [newest, sequence] = [null, 0];
  database.sqlite
    .prepare(
      `insert into devices (id, public_key, labels, token_id, enrolled_at_ms, presence, standing, former_keys)
       values (?, 'a', '{}', 't', 0, 'never', 'approved', '[]')`,
    )
    .run(deviceId);
});
afterEach(() => database.remove());

function report(arrivedAtMs: number, changes: Partial<Report>): void {
  const value = reportOf({ sequence: sequence++, ...changes });
  const decoded = decodeMessage(deviceId, 'report', bytesOf(value));
  expect(store.commit([{ device: deviceId, what: 'report', arrivedAtMs, decoded }])).toEqual(['stored']);
  if (newest?.runId !== value.runId || value.sequence > newest.sequence) newest = value;
}
function event(changes: Partial<DeviceEvent>): void {
  const value = eventOf({ sequence: sequence++, ...changes });
  const decoded = decodeMessage(deviceId, 'event', bytesOf(value));
  store.commit([{ device: deviceId, what: 'event', arrivedAtMs: value.atMs, decoded }]);
}
/** What a server that starts at this time knows. */
function startedAt(nowMs: number, most?: number): ChangeBook {
  const book = new ChangeBook({ isMember: () => true, callsBefore: () => undefined });
  const devices = [storedDevice({ report: newest })];
  const systems = storedSystems(database.sqlite);
  rememberChanges(book, { timeline, systems, devices, ...(most !== undefined && { most }) }, nowMs);
  return book;
}
const changesAt = (nowMs: number): readonly DeviceChange[] => startedAt(nowMs).of(deviceId);

it('knows another system after a restart, though a report between did not name one', () => {
  report(t0, { machine: machine('6.1.0') });
  report(t0 + minuteMs, { runId: 'b'.repeat(32), sequence: 0 });
  expect(changesAt(t0 + 2 * minuteMs)).toEqual([]);
  report(t0 + 2 * minuteMs, { runId: 'b'.repeat(32), sequence: 1, machine: machine('6.6.0') });
  const change = { kind: 'os', what: '6.6.0, Debian 12', atMs: t0 + 2 * minuteMs };
  expect(changesAt(t0 + 9 * minuteMs)).toEqual([change]);
  // The same again, and one of before that comes late, are none.
  report(t0 + 3 * minuteMs, { runId: 'b'.repeat(32), sequence: 2, machine: machine('6.6.0') });
  report(t0 + 4 * minuteMs, { runId: 'b'.repeat(32), sequence: 0, machine: machine('6.1.0') });
  expect(changesAt(t0 + 9 * minuteMs)).toEqual([change]);
  // A trouble that began then may last.
  expect(changesAt(t0 + 6 * 86_400_000)).toEqual([change]);
  expect(changesAt(t0 + 8 * 86_400_000)).toEqual([]);
});

it('takes a system that was updated while the server was down for a change', () => {
  report(t0, { machine: machine('6.1.0') });
  report(t0 + minuteMs, { runId: 'b'.repeat(32), sequence: 0 });
  const book = startedAt(t0 + 5 * minuteMs);
  book.report(reportOf({ machine: machine('6.6.0') }), t0 + 6 * minuteMs);
  expect(book.of(deviceId)).toMatchObject([{ kind: 'os', what: '6.6.0, Debian 12', atMs: t0 + 6 * minuteMs }]);
});

it('knows which release was the first of its model, however long ago', () => {
  const serve = (release: string, atMs: number) => event({ kind: 'release-serving', release, atMs });
  serve('digits@1.0.0', t0 - 30 * 86_400_000);
  serve('digits@1.1.0', t0);
  serve('voice@1.0.0', t0 + 1);
  const serving = { version: '1.1.0', manifest: 'a'.repeat(64), sinceMs: 0, phase: 'settled' } as const;
  report(t0 + 2, { models: [{ model: 'digits', serving, install: null, refusal: null }] });
  expect(changesAt(t0 + minuteMs)).toEqual([
    { kind: 'release', what: 'digits@1.1.0', atMs: t0 },
    { kind: 'release', what: 'voice@1.0.0', atMs: t0 + 1, isFirst: true },
  ]);
});

it('knows that a release was not the first where there were more events than are read', () => {
  for (const [minute, release] of ['digits@1.0.0', 'voice@1.0.0', 'digits@1.1.0'].entries()) {
    event({ kind: 'release-serving', release, atMs: t0 + minute * minuteMs });
  }
  const book = startedAt(t0 + 9 * minuteMs, 2);
  expect(book.of(deviceId)).toEqual([
    { kind: 'release', what: 'voice@1.0.0', atMs: t0 + minuteMs, isFirst: true },
    { kind: 'release', what: 'digits@1.1.0', atMs: t0 + 2 * minuteMs },
  ]);
});
