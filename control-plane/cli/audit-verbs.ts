import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import { messageOf } from '@bellwether/shared/errors';
import { Compile } from '@bellwether/shared/schema';
import { AuditPage, maxAuditPage } from '../audit/audit-api.js';
import { HeadFile, openHead } from '../audit/audit-head.js';
import { addAuditVerifyVerb, rowsOf } from './audit-verify-verb.js';
import { CliError } from './cli-error.js';
import { table } from './table.js';
import { timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';
import { wholeNumber } from './whole-number.js';

interface ListOptions extends ServerOptions {
  readonly after?: number;
  readonly limit: number;
}

interface FileOptions extends ServerOptions {
  readonly out: string;
}

const compiledPage = Compile(AuditPage);
const compiledHead = Compile(HeadFile);

/** `bellwether audit …` */
export function addAuditVerbs(program: Command, parts: VerbParts): void {
  const audit = program.command('audit').description('what was decided, by whom, and whether the log still says so');
  withServer(audit.command('list'))
    .description('list decisions: the newest, or those after a row')
    .option('--after <number>', 'rows after this one', wholeNumber)
    .option('--limit <number>', `how many, 1 to ${maxAuditPage}`, wholeNumber, 50)
    .action((options: ListOptions) => list(options, parts));
  withServer(audit.command('export'))
    .description('write the whole log as lines of JSON')
    .requiredOption('--out <file>', 'a new file')
    .action((options: FileOptions) => exportRows(options, parts));
  withServer(audit.command('head'))
    .description('have the server sign where the log ends now, and keep that: put it where the server cannot reach it')
    .requiredOption('--out <file>', 'a new file')
    .action((options: FileOptions) => keepHead(options, parts));
  addAuditVerifyVerb(audit, parts);
}

async function list(options: ListOptions, { terminal }: VerbParts): Promise<void> {
  const after = options.after === undefined ? '' : `&after=${options.after}`;
  const path = `/api/v1/audit/rows?limit=${options.limit}${after}`;
  const { rows } = await (await connect(options)).get(path, compiledPage);
  const cells = rows.map((row) => [
    String(row.sequence),
    timeText(row.atMs),
    row.actor,
    row.action,
    row.subject,
    Object.entries(row.details)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  ]);
  const text = table(['row', 'time', 'who', 'what', 'subject', 'details'], cells);
  print(terminal, options, { value: rows, text: rows.length === 0 ? 'Nothing was decided yet.' : text });
}

async function exportRows(options: FileOptions, { terminal }: VerbParts): Promise<void> {
  const connection = await connect(options);
  let count = 0;
  await writeNew(options.out, async (write) => {
    for await (const row of rowsOf(connection)) {
      await write(`${JSON.stringify(row)}\n`);
      count++;
    }
  });
  print(terminal, options, { value: { rows: count, file: options.out }, text: `${count} rows are in ${options.out}.` });
}

async function keepHead(options: FileOptions, { terminal }: VerbParts): Promise<void> {
  const head = await (await connect(options)).post('/api/v1/audit/heads', {}, compiledHead);
  const { sequence } = openHead(Buffer.from(JSON.stringify(head)));
  await writeNew(options.out, (write) => write(`${JSON.stringify(head, null, 2)}\n`));
  const text = `${options.out} says where the log ends: row ${sequence}.`;
  print(terminal, options, { value: { sequence, file: options.out }, text });
}

async function writeNew(path: string, write: (put: (text: string) => Promise<void>) => Promise<void>): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    throw new CliError('file', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  });
  try {
    await write(async (text) => {
      await file.write(text);
    });
    await file.sync();
  } finally {
    await file.close();
  }
}
