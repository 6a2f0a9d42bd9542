import { join } from 'node:path';
import { openDatabase } from '@bellwether/control-plane/database/database-sqlite';
import { DevicePace } from '@bellwether/control-plane/telemetry/device-pace';
import { Ingest } from '@bellwether/control-plane/telemetry/ingest';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import { TimelineStoreSql } from '@bellwether/control-plane/timeline/timeline-store-sql';
import { systemClock } from '@bellwether/shared/clock';
import { silentLog } from '@bellwether/shared/log';
import { bytesOf, deviceId, windowOf } from './telemetry-messages.js';

/** A process that ingests windows into the data folder of its first argument, one after the other; it prints `acknowledged N` when the broker might. The second argument is how many. */
const [folder = '', count = '0'] = process.argv.slice(2);
// Stays open, as a server does, until it is killed: closing would tidy up the log first.
setInterval(() => {}, 60_000);
const database = await openDatabase(join(folder, 'bellwether.sqlite'));
const store = new TelemetryStoreSql(database.sqlite, undefined, new TimelineStoreSql(database.sqlite));
const ingest = new Ingest({
  clock: systemClock,
  log: silentLog,
  store,
  pace: new DevicePace(100_000),
  committed: () => {},
});
for (let sequence = 0; sequence < Number(count); sequence++) {
  await ingest.accept(deviceId, 'window', bytesOf(windowOf({ sequence })));
  process.stdout.write(`acknowledged ${sequence}\n`);
}
