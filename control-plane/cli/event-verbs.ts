import type { Command } from 'commander';
import { codeOf } from '@bellwether/shared/errors';
import { deviceIdPattern } from '@bellwether/shared/ids';
import { printable, printableJson } from '@bellwether/shared/printable';
import { Compile } from '@bellwether/shared/schema';
import { DeviceList } from '../http/operator-api.js';
import type { ServerConnection } from '../publisher/server-http.js';
import { EventPage, type TimelineEvent } from '../timeline/timeline-api.js';
import { csvOf } from '../timeline/timeline-csv.js';
import { findDevice } from './device-verbs.js';
import { duration } from './duration.js';
import { table } from './table.js';
import { timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';
import { wholeNumber } from './whole-number.js';

interface EventOptions extends ServerOptions {
  readonly device?: string;
  readonly model?: string;
  readonly release?: string;
  readonly rollout?: string;
  readonly label?: string;
  readonly kind?: string;
  readonly since?: number;
  readonly limit: number;
  readonly follow?: true;
  readonly csv?: true;
}

const compiledPage = Compile(EventPage);
const compiledDevices = Compile(DeviceList);
const deviceId = new RegExp(deviceIdPattern);
const pageRows = 1000;
const pollMs = 1000;

/** `bellwether events` */
export function addEventVerb(program: Command, parts: VerbParts): void {
  withServer(program.command('events'))
    .description('what happened: devices, orders, rollouts, verdicts, releases and decisions in one timeline')
    .option('--device <device>', 'about one device: its id, or its name')
    .option('--model <name>', 'about one model')
    .option('--release <release>', 'about one release, digits@1.1.0')
    .option('--rollout <id>', 'about one rollout, r7')
    .option('--label <key=value>', 'about devices with a label')
    .option('--kind <kinds>', 'of these kinds: release-refused,clone')
    .option('--since <time>', 'so long ago until now: 90m, 24h, 7d', duration)
    .option('--limit <number>', 'the newest so many', wholeNumber, 100)
    .option('--follow', 'go on with what happens from now on, until Ctrl-C')
    .option('--csv', 'print CSV')
    .action((options: EventOptions) => events(options, parts));
}

async function events(options: EventOptions, parts: VerbParts): Promise<void> {
  const { terminal, clock } = parts;
  const connection = await connect(options);
  const { model, release, rollout, label, kind, since } = options;
  const device = options.device === undefined ? undefined : await idOf(options.device, connection);
  const from = since === undefined ? undefined : String(Math.floor(clock.now().wallMs) - since);
  const asked = { device, model, release, rollout, label, kind, from };
  const { rows, newest } = await newestRows(connection, asked, options.limit);
  if (options.follow === true) {
    for (const row of rows.toReversed()) terminal.out(line(row, options));
    await follow({ connection, asked, newest }, options, parts);
    return;
  }
  if (options.csv === true) terminal.out(csvOf(rows));
  else print(terminal, options, { value: rows, text: rows.length === 0 ? 'Nothing happened there.' : text(rows) });
}

/** The id of the device that is called so; throws CliError `device-unknown`. */
async function idOf(name: string, connection: ServerConnection): Promise<string> {
  if (deviceId.test(name)) return name;
  const { devices } = await connection.get('/api/v1/devices', compiledDevices);
  return findDevice(devices, name).id;
}

type Asked = Readonly<Record<string, string | undefined>>;

/** The newest first, page by page. */
async function newestRows(connection: ServerConnection, asked: Asked, limit: number) {
  const rows: TimelineEvent[] = [];
  let newest: number | undefined;
  let cursor: string | null | undefined;
  while (rows.length < limit && cursor !== null) {
    const count = Math.min(pageRows, limit - rows.length);
    const page = await connection.get(pathOf({ ...asked, cursor, limit: String(count) }), compiledPage);
    rows.push(...page.events);
    newest ??= page.newest;
    cursor = page.cursor;
  }
  return { rows, newest: newest ?? 0 };
}

interface Following {
  readonly connection: ServerConnection;
  readonly asked: Asked;
  readonly newest: number;
}

/** Never answers: whoever follows ends it. A server that is away is asked again. */
async function follow(
  { connection, asked, newest }: Following,
  options: EventOptions,
  parts: VerbParts,
): Promise<never> {
  for (let after = newest; ; await parts.clock.sleep(pollMs)) {
    const path = pathOf({ ...asked, from: undefined, after: String(after), limit: String(pageRows) });
    const page = await connection.get(path, compiledPage).catch((cause: unknown) => {
      if (codeOf(cause) !== 'network') throw cause;
      return { events: [] };
    });
    for (const row of page.events) {
      parts.terminal.out(line(row, options));
      after = row.id;
    }
  }
}

function pathOf(asked: Asked): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) search.set(name, value);
  return `/api/v1/events?${search.toString()}`;
}

function text(rows: readonly TimelineEvent[]): string {
  return table(['time', 'about', 'kind', 'by', 'what'], rows.map(cells));
}

/** One row as it is followed: a line of JSON, or of text. */
function line(row: TimelineEvent, { json }: Pick<EventOptions, 'json'>): string {
  return json === true ? `${printableJson(row)}\n` : `${cells(row).map(printable).join('  ')}\n`;
}

function cells({ atMs, device, rollout, release, kind, actor, code, message }: TimelineEvent): string[] {
  const about = device ?? rollout ?? release ?? '';
  const what = [device === null && rollout === null ? null : release, code, message].filter(Boolean).join(' ');
  return [timeText(atMs), about, kind, actor ?? '', what];
}
