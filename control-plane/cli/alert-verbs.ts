import type { Command } from 'commander';
import { Alert } from '@bellwether/shared/contract/alert';
import { Compile } from '@bellwether/shared/schema';
import { AlertList, RuleList } from '../alerts/alert-api.js';
import { type Recurrence, SilenceList, SilenceView } from '../alerts/silence.js';
import { alertsText, alertText, silencesText } from './alert-text.js';
import { watchAlerts } from './alert-watch.js';
import { CliError } from './cli-error.js';
import { duration } from './duration.js';
import { parseLabels } from './rollout-target.js';
import { table } from './table.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

const compiledList = Compile(AlertList);
const compiledAlert = Compile(Alert);
const compiledRules = Compile(RuleList);
const compiledSilence = Compile(SilenceView);
const compiledSilences = Compile(SilenceList);

/** So long from now a recurring silence lasts before it is asked for again: the server takes no more than a year and a day. */
const recurringMs = 365 * 86_400_000;

interface SilenceOptions extends ServerOptions {
  readonly for: number;
  readonly every?: string;
  readonly tz?: string;
  readonly in?: number;
  readonly labels?: string;
  readonly rules?: string;
  readonly why: string;
}

/** `bellwether alerts …` */
export function addAlertVerbs(program: Command, parts: VerbParts): void {
  const alerts = program.command('alerts').description('what is wrong with the fleet');
  withServer(alerts.command('list', { isDefault: true }))
    .description('open alerts first, then those that somebody took note of, then resolved ones')
    .option('--all', 'resolved ones, too')
    .action((options: ServerOptions & { readonly all?: true }) => list(options, parts));
  withServer(alerts.command('watch'))
    .description('print each alert when it opens, changes or resolves, until Ctrl-C')
    .action((options: ServerOptions) => watchAlerts(options, parts));
  withServer(alerts.command('show'))
    .description('one alert, with its numbers and devices')
    .argument('<alert>', 'a12')
    .action(async (id: string, options: ServerOptions) => {
      const value = await (await connect(options)).get(`/api/v1/alerts/${encodeURIComponent(id)}`, compiledAlert);
      print(parts.terminal, options, { value, text: alertText(value) });
    });
  withServer(alerts.command('ack'))
    .description('take note of an alert: it is told again when it gets worse')
    .argument('<alert>', 'a12')
    .option('--why <text>', 'for the audit log')
    .action((id: string, options: ServerOptions & { readonly why?: string }) => acknowledge(id, options, parts));
  withServer(alerts.command('rules'))
    .description('the rules as they hold on this server')
    .action((options: ServerOptions) => rules(options, parts));
  addSilenceVerbs(alerts, parts);
}

function addSilenceVerbs(alerts: Command, parts: VerbParts): void {
  withServer(alerts.command('silence'))
    .description('tell nobody of some devices or rules for a time, such as maintenance')
    .requiredOption('--for <time>', 'how long: 90m, 24h, 7d', duration)
    .requiredOption('--why <text>', 'for the audit log, and for whoever wonders')
    .option('--every <cron>', 'again and again for a year, from each match of this pattern: "0 22 * * *"')
    .option('--tz <zone>', 'the time zone of the pattern, Europe/Berlin; left out: that of this machine')
    .option('--in <time>', 'begins so much later; left out: now', duration)
    .option('--labels <labels>', 'of devices with these labels, site=a; left out: of all')
    .option('--rules <rules>', 'of these rules, device-silent,clock-skew; left out: of all')
    .action((options: SilenceOptions) => silence(options, parts));
  withServer(alerts.command('silences'))
    .description('what is silenced, or will be')
    .option('--end <silence>', 'end one of them, s3')
    .action((options: ServerOptions & { readonly end?: string }) => silences(options, parts));
}

async function list(options: ServerOptions & { readonly all?: true }, { terminal }: VerbParts): Promise<void> {
  const { alerts } = await (await connect(options)).get('/api/v1/alerts', compiledList);
  const value = options.all === true ? alerts : alerts.filter(({ state }) => state !== 'resolved');
  print(terminal, options, { value, text: alertsText(value) });
}

async function acknowledge(
  id: string,
  options: ServerOptions & { readonly why?: string },
  { terminal }: VerbParts,
): Promise<void> {
  const body = options.why === undefined ? {} : { why: options.why };
  const path = `/api/v1/alerts/${encodeURIComponent(id)}/acknowledge`;
  const value = await (await connect(options)).post(path, body, compiledAlert);
  print(terminal, options, { value, text: alertText(value) });
}

async function rules(options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const { rules: all } = await (await connect(options)).get('/api/v1/alerts/rules', compiledRules);
  const rows = all.map((each) => [
    each.rule,
    each.isEnabled ? each.severity : 'off',
    `${each.isHighBad ? '≥' : '≤'} ${each.raise}`,
    `${each.isHighBad ? '<' : '>'} ${each.clear}`,
    `${each.forSeconds} s`,
    `${each.clearSeconds} s`,
    each.about,
  ]);
  const text = table(['rule', 'severity', 'raised', 'cleared', 'for', 'clear for', 'its number'], rows);
  print(terminal, options, { value: all, text });
}

async function silence(options: SilenceOptions, { terminal, clock }: VerbParts): Promise<void> {
  const nowMs = Math.floor(clock.now().wallMs);
  const fromMs = nowMs + (options.in ?? 0);
  const every = recurrenceOf(options);
  const body = {
    ...(options.in !== undefined && { fromMs }),
    untilMs: every === undefined ? fromMs + options.for : nowMs + recurringMs,
    ...(every !== undefined && { every }),
    why: options.why,
    ...(options.labels !== undefined && { labels: parseLabels(options.labels) }),
    ...(options.rules !== undefined && { rules: options.rules.split(',') }),
  };
  const value = await (await connect(options)).post('/api/v1/alerts/silences', body, compiledSilence);
  print(terminal, options, { value, text: silencesText([value]) });
}

function recurrenceOf({ every, tz, for: lengthMs }: SilenceOptions): Recurrence | undefined {
  if (every !== undefined) {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    return { cron: every, timeZone: tz ?? timeZone, minutes: lengthMs / 60_000 };
  }
  if (tz !== undefined) throw new CliError('usage', '--tz is the time zone of a pattern: say --every as well');
  return undefined;
}

async function silences(options: ServerOptions & { readonly end?: string }, { terminal }: VerbParts): Promise<void> {
  const connection = await connect(options);
  const { silences: value } =
    options.end === undefined
      ? await connection.get('/api/v1/alerts/silences', compiledSilences)
      : await connection.post(`/api/v1/alerts/silences/${encodeURIComponent(options.end)}/end`, {}, compiledSilences);
  print(terminal, options, { value, text: silencesText(value) });
}
