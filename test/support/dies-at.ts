import { promises, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import BetterSqlite3, { type Statement } from 'better-sqlite3';

/**
 * When a process dies: as soon as a file's name, matching `file`, has been put in its place, with an object of these
 * fields (`holds`) somewhere in its JSON; or as soon as a transaction with a statement like `sql`, and values whose JSON is like `values`, is committed, or is about to be
 * (`before`). The `nth` time.
 */
export type Moment = { readonly nth?: number } & (
  | { readonly file: string; readonly holds?: Readonly<Record<string, unknown>> }
  | { readonly sql: string; readonly values?: string; readonly before?: boolean }
);

const variable = 'BELLWETHER_TEST_DIES_AT';

/** The environment of a process of the product that is to die at this moment: this file is loaded before its main. */
export function diesAt(moment: Moment | undefined): Readonly<Record<string, string>> {
  if (moment === undefined) return {};
  return { NODE_OPTIONS: `--import=${fileURLToPath(import.meta.url)}`, [variable]: JSON.stringify(moment) };
}

const wish = process.env[variable];
if (wish !== undefined) arm(JSON.parse(wish) as Moment);

/** The program is the product's own; only what it persists is watched, and nothing that comes after it happens. */
function arm(moment: Moment): void {
  let left = moment.nth ?? 1;
  const dieIfDue = (): void => {
    if (--left === 0) process.kill(process.pid, 'SIGKILL');
  };
  if ('sql' in moment) watchCommits(moment, dieIfDue);
  else watchNames(moment, dieIfDue);
}

function watchNames(
  { file, holds }: { readonly file: string; readonly holds?: Readonly<Record<string, unknown>> },
  found: () => void,
): void {
  const name = new RegExp(file);
  const look = (path: unknown): void => {
    if (typeof path !== 'string' || !name.test(basename(path))) return;
    if (holds === undefined || isHeld(JSON.parse(readFileSync(path, 'utf8')), holds)) found();
  };
  for (const how of ['rename', 'link'] as const) {
    const original = promises[how];
    promises[how] = async (from, to) => {
      await original(from, to);
      look(to);
    };
  }
  syncBuiltinESMExports();
}

function watchCommits(
  { sql: source, values = '', before: isBefore = false }: Extract<Moment, { sql: string }>,
  found: () => void,
): void {
  const [sql, like] = [new RegExp(source), new RegExp(values)];
  const prototype = Object.getPrototypeOf(new BetterSqlite3(':memory:').prepare('select 1')) as Statement;
  let isPending = false;
  const look = (statement: Statement, args: readonly unknown[]): void => {
    isPending ||= sql.test(statement.source) && (values === '' || like.test(JSON.stringify(args)));
    if (!isPending || (statement.database.inTransaction && !isBefore)) return;
    isPending = false;
    found();
  };
  const watched = <Method extends (...args: never[]) => unknown>(method: Method): Method =>
    new Proxy(method, {
      apply: (original, statement: Statement, args: unknown[]) => {
        const result: unknown = Reflect.apply(original, statement, args);
        look(statement, args);
        return result;
      },
    });
  prototype.run = watched(prototype.run);
  prototype.all = watched(prototype.all);
  prototype.get = watched(prototype.get);
}

/** Orders are kept as envelopes: text, with a payload in base64. */
function isHeld(value: unknown, fields: Readonly<Record<string, unknown>>): boolean {
  if (typeof value === 'string' && value.startsWith('{')) {
    const { payload = '' } = JSON.parse(value) as { readonly payload?: string };
    return isHeld(JSON.parse(Buffer.from(payload, 'base64').toString()), fields);
  }
  if (typeof value !== 'object' || value === null) return false;
  const own = value as Readonly<Record<string, unknown>>;
  if (Object.entries(fields).every(([key, wanted]) => own[key] === wanted)) return true;
  return Object.values(own).some((each) => isHeld(each, fields));
}
