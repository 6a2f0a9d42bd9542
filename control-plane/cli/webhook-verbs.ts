import type { Command } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { WebhookList, WebhookReply, WebhookTest, type WebhookView } from '../webhooks/webhook-api.js';
import { parseLabels } from './rollout-target.js';
import { fields, table } from './table.js';
import { labelsText, timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

const compiledList = Compile(WebhookList);
const compiledReply = Compile(WebhookReply);
const compiledTest = Compile(WebhookTest);

interface AddOptions extends ServerOptions {
  readonly severity?: string;
  readonly rules?: string;
  readonly labels?: string;
  readonly changes?: true;
}

/** `bellwether webhooks …` */
export function addWebhookVerbs(program: Command, parts: VerbParts): void {
  const webhooks = program.command('webhooks').description('addresses that are told of alerts, signed');
  withServer(webhooks.command('list', { isDefault: true }))
    .description('list them, and how it goes')
    .action((options: ServerOptions) => list(options, parts));
  withServer(webhooks.command('add'))
    .description('tell an address of alerts; its secret is shown this once')
    .argument('<name>', 'what it is called, such as pager')
    .argument('<url>', 'https://… or http://…')
    .option('--severity <severity>', 'this and worse, of info, warning and critical; left out: all')
    .option('--rules <rules>', 'of these rules, device-silent,drift; left out: of all')
    .option('--labels <labels>', 'of devices with these labels, site=a; left out: of all')
    .option('--changes', 'other numbers and devices of an alert, too, at most once a minute')
    .action((name: string, url: string, options: AddOptions) => add({ name, url }, options, parts));
  withServer(webhooks.command('test'))
    .description('send a message now; one that arrives enables a disabled webhook')
    .argument('<name>', 'what it is called')
    .action((name: string, options: ServerOptions) => test(name, options, parts));
  withServer(webhooks.command('rotate'))
    .description('a new secret, shown this once; the former one signs as well for a day')
    .argument('<name>', 'what it is called')
    .action(async (name: string, options: ServerOptions) => {
      const value = await (await connect(options)).post(pathOf(name, 'rotate'), {}, compiledReply);
      print(parts.terminal, options, { value, text: secretLines(value) });
    });
  withServer(webhooks.command('remove'))
    .description('tell it of nothing more')
    .argument('<name>', 'what it is called')
    .action(async (name: string, options: ServerOptions) => {
      const { webhooks: value } = await (await connect(options)).post(pathOf(name, 'remove'), {}, compiledList);
      print(parts.terminal, options, { value, text: `${name} is told of nothing more.` });
    });
}

function pathOf(name: string, verb: string): string {
  return `/api/v1/webhooks/${encodeURIComponent(name)}/${verb}`;
}

async function list(options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const { webhooks: value } = await (await connect(options)).get('/api/v1/webhooks', compiledList);
  const rows = value.map((each) => [
    each.name,
    stateText(each),
    each.url,
    filterText(each),
    `${each.waiting}`,
    `${each.lost}`,
  ]);
  const header = ['webhook', 'state', 'address', 'told of', 'waiting', 'given up'];
  print(terminal, options, { value, text: rows.length === 0 ? 'No webhooks.' : table(header, rows) });
}

async function add(
  { name, url }: { readonly name: string; readonly url: string },
  { severity, rules, labels, changes, ...options }: AddOptions,
  { terminal }: VerbParts,
): Promise<void> {
  const filter = {
    ...(severity !== undefined && { severity }),
    ...(rules !== undefined && { rules: rules.split(',') }),
    ...(labels !== undefined && { labels: parseLabels(labels) }),
    ...(changes === true && { changes }),
  };
  const value = await (await connect(options)).post('/api/v1/webhooks', { name, url, filter }, compiledReply);
  print(terminal, options, { value, text: `${secretLines(value)}\nTry it: bellwether webhooks test ${name}` });
}

async function test(name: string, options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const value = await (await connect(options)).post(pathOf(name, 'test'), {}, compiledTest);
  const text = value.isDelivered
    ? `${name} answered ${value.status ?? ''} after ${value.tookMs} ms.`
    : `${name} was not reached: ${value.problem ?? ''}, after ${value.tookMs} ms.`;
  print(terminal, options, { value, text });
}

function secretLines(reply: WebhookReply): string {
  const { name, url, secret, formerUntilMs } = reply;
  return fields([
    ['webhook', name],
    ['address', url],
    ['told of', filterText(reply)],
    ['secret', `${secret} (shown this once)`],
    ...(formerUntilMs === null ? [] : [['former', `signs as well until ${timeText(formerUntilMs)}`] as const]),
  ]);
}

function stateText({ disabledAtMs, failingSinceMs, problem, triedAtMs }: WebhookView): string {
  if (disabledAtMs !== null) return `disabled ${timeText(disabledAtMs)}: ${problem ?? ''}`;
  if (failingSinceMs !== null) return `failing since ${timeText(failingSinceMs)}: ${problem ?? ''}`;
  return triedAtMs === null ? 'not used yet' : `fine, ${timeText(triedAtMs)}`;
}

function filterText({ filter: { severity, rules, labels, changes } }: Pick<WebhookView, 'filter'>): string {
  const of = Object.keys(labels).length === 0 ? '' : ` of ${labelsText(labels)}`;
  return `${severity === 'info' ? 'all' : severity === 'warning' ? 'warning, critical' : 'critical'}${rules.length === 0 ? '' : ` ${rules.join(',')}`}${of}${changes ? ', changes' : ''}`;
}
