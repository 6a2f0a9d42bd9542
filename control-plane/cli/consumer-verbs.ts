import type { Command } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { ConsumerList, ConsumerReply, type ConsumerRequest, type ConsumerView } from '../consumers/consumer-api.js';
import { ReadableKind } from '../consumers/grant.js';
import { CliError } from './cli-error.js';
import { parseLabels } from './rollout-target.js';
import { fields, table } from './table.js';
import { labelsText, timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

interface CreateOptions extends ServerOptions {
  readonly read: string;
  readonly labels?: string;
}

const compiledReply = Compile(ConsumerReply);
const compiledList = Compile(ConsumerList);
const compiledKind = Compile(ReadableKind);

/** `bellwether consumer …` */
export function addConsumerVerbs(program: Command, parts: VerbParts): void {
  const consumer = program.command('consumer').description('accounts for programs that read telemetry over MQTT');
  withServer(consumer.command('create'))
    .description('make an account; its password is shown this once')
    .argument('<name>', 'what it is called, such as grafana')
    .requiredOption(
      '--read <kinds>',
      'what it may read, of window, event, report, presence and fleet, such as window,event',
    )
    .option('--labels <labels>', 'of which devices, such as site=a; left out: of all')
    .action((name: string, options: CreateOptions) => create(name, options, parts));
  withServer(consumer.command('list'))
    .description('list the accounts, revoked ones too')
    .action((options: ServerOptions) => list(options, parts));
  withServer(consumer.command('revoke'))
    .description('end an account and its connections')
    .argument('<name>', 'what it is called')
    .action((name: string, options: ServerOptions) => revoke(name, options, parts));
}

async function create(name: string, options: CreateOptions, { terminal }: VerbParts): Promise<void> {
  const labels = options.labels === undefined ? {} : parseLabels(options.labels);
  const request: ConsumerRequest = { name, grant: { kinds: parseKinds(options.read), labels } };
  const reply = await (await connect(options)).post('/api/v1/consumers', request, compiledReply);
  const text = fields([
    ['user', reply.userName],
    ['password', reply.password],
    ['client id', `${reply.userName}, or ${reply.userName}_ANYTHING for several connections`],
    ['topics', reply.grant.kinds.map(topicsOf).join('  ')],
  ]);
  print(terminal, options, { value: reply, text });
}

async function list(options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const { consumers } = await (await connect(options)).get('/api/v1/consumers', compiledList);
  const rows = consumers.map((each: ConsumerView) => [
    each.name,
    each.revokedAtMs === null ? 'open' : 'revoked',
    each.grant.kinds.join(','),
    labelsText(each.grant.labels),
    timeText(each.createdAtMs),
  ]);
  const header = ['consumer', 'state', 'reads', 'of devices with', 'made'];
  print(terminal, options, { value: consumers, text: rows.length === 0 ? 'No consumers yet.' : table(header, rows) });
}

async function revoke(name: string, options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const path = `/api/v1/consumers/${encodeURIComponent(name)}/revoke`;
  const { consumers } = await (await connect(options)).post(path, {}, compiledList);
  const value = consumers.filter((each) => each.name === name);
  print(terminal, options, { value, text: `${name} is revoked; its connections have ended.` });
}

function topicsOf(kind: ReadableKind): string {
  return kind === 'fleet' ? 'bw/v1/fleet/+/+' : `bw/v1/+/+/${kind}`;
}

/** Reads `window,event`; throws CliError `usage`. */
export function parseKinds(text: string): ReadableKind[] {
  return [...new Set(text.split(','))].map((kind) => {
    if (compiledKind.Check(kind)) return kind;
    throw new CliError(
      'usage',
      `${kind === '' ? 'nothing' : kind} cannot be read: of window, event, report, presence, fleet`,
    );
  });
}
