import { open, readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { AuditEnd } from '@bellwether/shared/contract/audit-end';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { messageOf } from '@bellwether/shared/errors';
import { Compile, Type } from '@bellwether/shared/schema';
import { AuditPage, maxAuditPage } from '../audit/audit-api.js';
import { AuditCheck, type KnownEnd } from '../audit/audit-check.js';
import { openHead } from '../audit/audit-head.js';
import { AuditRow } from '../audit/audit-row.js';
import { DeviceList } from '../http/operator-api.js';
import type { ServerConnection } from '../publisher/server-http.js';
import { CliError } from './cli-error.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

interface VerifyOptions extends ServerOptions {
  readonly head?: string;
  readonly rows?: string;
  readonly devices?: true;
  readonly status?: readonly string[];
}

/** A row has at most a few texts of 500 characters. */
const maxLineBytes = 256 * 1024;

const compiledPage = Compile(AuditPage);
const compiledRow = Compile(AuditRow);
const compiledDevices = Compile(DeviceList);
const compiledStatus = Compile(Type.Object({ device: Type.String(), auditHead: Type.Union([Type.Null(), AuditEnd]) }));

/** `bellwether audit verify` */
export function addAuditVerifyVerb(audit: Command, parts: VerbParts): void {
  withServer(audit.command('verify'))
    .description(
      'check every row; with a kept head, or what devices have seen, also that nothing was cut off or written anew; exits with 1 if so',
    )
    .option('--head <file>', 'a head that was kept (bellwether audit head)')
    .option('--devices', 'hold the log against what each device has seen of it, as it says in its report')
    .option('--status <file...>', 'the same, from `bellwether-agent status --json` of devices: past the server')
    .option('--rows <file>', 'check an export, and not the server')
    .action((options: VerifyOptions) => verify(options, parts));
}

async function verify(options: VerifyOptions, { terminal }: VerbParts): Promise<void> {
  const known = await knownEnds(options);
  const rows = options.rows === undefined ? rowsOf(await connect(options)) : exportedRows(options.rows);
  const check = new AuditCheck(known);
  let count = 0;
  for await (const row of rows) {
    check.add(row);
    count++;
  }
  const found = check.finish();
  const value = { rows: count, known: known.map(({ sequence, who }) => ({ sequence, who })), found };
  const first = found.slice(0, 20).map(({ kind, message }) => `${kind}: ${message}`);
  const rest = found.length > first.length ? [`and ${found.length - first.length} more`] : [];
  const vouched = known.map(({ sequence, who }) => `Row ${sequence} is the one that ${who} vouches for.`);
  const sound = [`${count} rows are as they were written.`, ...vouched];
  print(terminal, options, { value, text: (found.length === 0 ? sound : [...first, ...rest]).join('\n') });
  if (found.length > 0) throw new CliError('audit-broken', `the audit log was tampered with in ${found.length} places`);
}

/** The ends of the log that somebody away from the server knows. */
async function knownEnds(options: VerifyOptions): Promise<readonly KnownEnd[]> {
  const known: KnownEnd[] = [];
  if (options.head !== undefined) known.push(await readHead(options.head));
  for (const path of options.status ?? []) known.push(await readStatus(path));
  if (options.devices !== true) return known;
  const { devices } = await (await connect(options)).get('/api/v1/devices', compiledDevices);
  for (const { id, report } of devices) {
    if (report?.auditHead) known.push({ ...report.auditHead, who: `device ${id}` });
  }
  return known;
}

/** The whole log, page by page. */
export async function* rowsOf(connection: ServerConnection): AsyncGenerator<AuditRow> {
  for (let after = 0; ; ) {
    const { rows } = await connection.get(`/api/v1/audit/rows?after=${after}&limit=${maxAuditPage}`, compiledPage);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || last.sequence <= after) return;
    after = last.sequence;
  }
}

async function* exportedRows(path: string): AsyncGenerator<AuditRow> {
  const file = await open(path).catch((cause: unknown) => {
    throw new CliError('file', `the export cannot be read: ${messageOf(cause)}`, { cause });
  });
  let number = 0;
  for await (const line of file.readLines()) {
    number++;
    yield decodeDocument(compiledRow, Buffer.from(line), { what: `line ${number} of ${path}`, maxBytes: maxLineBytes });
  }
}

async function readHead(path: string): Promise<KnownEnd> {
  const bytes = await readBytes(path);
  try {
    const { sequence, digest, atMs } = openHead(bytes);
    return { sequence, digest, who: `the head of ${new Date(atMs).toISOString()}` };
  } catch (cause) {
    throw new CliError('head-invalid', `${path} is no signed head: ${messageOf(cause)}`, { cause });
  }
}

async function readStatus(path: string): Promise<KnownEnd> {
  const bytes = await readBytes(path);
  const { device, auditHead } = decodeDocument(compiledStatus, bytes, { what: path, maxBytes: maxLineBytes });
  if (auditHead !== null) return { ...auditHead, who: `device ${device}` };
  throw new CliError('head-invalid', `${path}: the device has seen no end of the log yet`);
}

async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw new CliError('file', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
}
