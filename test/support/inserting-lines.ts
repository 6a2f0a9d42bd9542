import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import BetterSqlite3 from 'better-sqlite3';

/** The main of a process that reads windows as lines and inserts them, as durably as the server does: what somebody would build around mosquitto_sub. */
const database = new BetterSqlite3(join(process.argv[2] ?? '.', 'lines.sqlite'));
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec(
  'create table windows (device text, run_id text, sequence integer, digest text, body text, primary key (device, run_id, sequence))',
);
const insert = database.prepare('insert into windows values (?, ?, ?, ?, ?) on conflict do nothing');
const insertAll = database.transaction((lines: readonly string[]) => {
  for (const line of lines) {
    const { device, runId, sequence } = JSON.parse(line) as Record<string, unknown>;
    insert.run(device, runId, sequence, createHash('sha256').update(line).digest('hex'), line);
  }
});
let waiting: string[] = [];
let inserted = 0;
const expected = Number(process.argv[3]);
function flush(): void {
  insertAll(waiting);
  inserted += waiting.length;
  waiting = [];
  if (inserted >= expected) process.stdout.write('done\n');
}
for await (const line of createInterface({ input: process.stdin })) {
  waiting.push(line);
  if (waiting.length >= 500 || inserted + waiting.length >= expected) flush();
}
