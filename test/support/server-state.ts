import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';

/** What a server keeps, in pieces with a digest each: its tables by name, its files by path. */
export type ServerState = ReadonlyMap<string, string>;

/** What changes by itself: the clock writes heads, counters count what honest devices send, series add up windows that were stored before, and alerts come of what devices say. */
const leftOut = new Set(['counters', 'audit_heads', 'roll_ups', 'drift_looks', 'alerts', 'sqlite_sequence']);

/** Reads the state of a server that may be running, but for what the device `bystander` sends meanwhile. */
export function readServerState(data: string, bystander: string): ServerState {
  const database = new BetterSqlite3(join(data, 'bellwether.sqlite'), { readonly: true });
  try {
    const tables = database.prepare<[], string>("select name from sqlite_master where type = 'table'").pluck().all();
    const rows = (table: string) => database.prepare<[], Row>(`select * from "${table}"`).all();
    const pieces = tables
      .filter((table) => !leftOut.has(table))
      .map((table) => [table, digestOf(JSON.stringify(rows(table).filter(isOthers(bystander)).map(lasting)))] as const);
    return new Map([...pieces, ...filesOf(join(data, 'repository')), ...filesOf(join(data, 'keys'))]);
  } finally {
    database.close();
  }
}

/** What the timeline tells of other tables, which are looked at themselves, and of connections. */
const told = new Set<unknown>([
  'audit',
  'rollout',
  'verdict',
  'catalog',
  'server-alert',
  'server-online',
  'server-offline',
]);

type Row = Readonly<Record<string, unknown>>;

function isOthers(bystander: string): (row: Row) => boolean {
  return ({ device, id, source }) => device !== bystander && id !== bystander && !told.has(source);
}

/** When somebody was heard last changes with each honest word. */
function lasting({ last_seen_ms: _, ...row }: Row): Row {
  return row;
}

function filesOf(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, digestOf(readFileSync(path))] as const);
}

function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
