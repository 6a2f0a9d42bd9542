import { type Command, Option } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { metrics } from '../telemetry/metric.js';
import { RejectedList } from '../telemetry/rejected-api.js';
import { SeriesReply } from '../telemetry/series-api.js';
import { csvOf } from '../telemetry/series-csv.js';
import { duration } from './duration.js';
import { releaseId } from './release-id.js';
import { table } from './table.js';
import { numberText, timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

interface QueryOptions extends ServerOptions {
  readonly model?: string;
  readonly release?: string;
  readonly arm?: string;
  readonly label?: string;
  readonly device?: string;
  readonly rollout?: string;
  readonly by?: string;
  readonly since: number;
  readonly step?: string;
  readonly csv?: true;
}

const compiledSeries = Compile(SeriesReply);
const compiledRejected = Compile(RejectedList);

/** `bellwether telemetry …` */
export function addTelemetryVerbs(program: Command, parts: VerbParts): void {
  const telemetry = program.command('telemetry').description('what devices measured, over time');
  withServer(telemetry.command('query'))
    .description('one metric over time, of the fleet or a part of it')
    .argument('<metric>', 'such as total-p99; `bellwether telemetry metrics` lists them')
    .option('--model <name>', 'of one model')
    .option('--release <release>', 'of one release, digits@1.1.0')
    .addOption(new Option('--arm <arm>', 'of one arm').choices(['stable', 'canary', 'shadow']))
    .option('--label <key=value>', 'of devices with a label')
    .option('--device <id>', 'of one device, by the hour')
    .option('--rollout <id>', 'of the devices of a rollout, by the hour')
    .option('--by <what>', 'a series of each release, arm, device or label:KEY')
    .option('--since <time>', 'so long ago until now: 90m, 24h, 7d', duration, 24 * 3_600_000)
    .addOption(new Option('--step <step>', 'how long a point lasts').choices(['minute', 'hour', 'all']))
    .option('--csv', 'print CSV')
    .action((metric: string, options: QueryOptions) => query(metric, options, parts));
  withServer(telemetry.command('rejected'))
    .description('messages that could not be read, newest first, and why')
    .action((options: ServerOptions) => rejected(options, parts));
  telemetry
    .command('metrics')
    .description('the metrics, with their units')
    .option('--json', 'print JSON, for programs')
    .action((options: { readonly json?: true }) => listMetrics(options, parts));
}

async function query(metric: string, options: QueryOptions, { terminal, clock }: VerbParts): Promise<void> {
  const { model, version } =
    options.release === undefined ? { model: options.model, version: undefined } : releaseId(options.release);
  const { arm, label, device, rollout, by, step } = options;
  const fromMs = Math.floor(clock.now().wallMs) - options.since;
  const asked = { metric, model, version, arm, label, device, rollout, by, step, from: String(fromMs) };
  const connection = await connect(options);
  const pathFrom = (cursor: string | null): string => {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...asked, cursor: cursor ?? undefined })) {
      if (value !== undefined) search.set(name, value);
    }
    return `/api/v1/telemetry/series?${search.toString()}`;
  };
  let reply = await connection.get(pathFrom(null), compiledSeries);
  const pages = [reply];
  while (reply.cursor !== null) {
    reply = await connection.get(pathFrom(reply.cursor), compiledSeries);
    pages.push(reply);
  }
  if (options.csv === true)
    terminal.out(
      pages.map((page, i) => csvOf(page).slice(i === 0 ? 0 : csvOf({ ...page, series: [] }).length)).join(''),
    );
  else print(terminal, options, { value: pages.length === 1 ? reply : pages, text: pages.map(seriesText).join('\n') });
}

function seriesText({ unit, about, series }: SeriesReply): string {
  const rows = series.flatMap(({ release, arm, label, device, points }) =>
    points.map(([atMs, value]) => [
      timeText(atMs),
      [release, arm, label, device].flatMap((name) => name ?? []).join(' ') || 'all',
      numberText(value),
    ]),
  );
  if (rows.length === 0) return 'Nothing was measured there.';
  return `${about}${unit === '1' ? '' : `, in ${unit}`}\n${table(['from', 'of', 'value'], rows)}`;
}

async function rejected(options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const { messages } = await (await connect(options)).get('/api/v1/telemetry/rejected', compiledRejected);
  const rows = messages.map(({ atMs, device, what, reason }) => [timeText(atMs), device, what, reason]);
  const text = rows.length === 0 ? 'Every message could be read.' : table(['arrived', 'device', 'what', 'why'], rows);
  print(terminal, options, { value: messages, text });
}

async function listMetrics(options: { readonly json?: true }, { terminal }: VerbParts): Promise<void> {
  const value = [...metrics].map(([name, { unit, about }]) => ({ name, unit, about }));
  const text = table(
    ['metric', 'unit', 'what'],
    value.map(({ name, unit, about }) => [name, unit, about]),
  );
  print(terminal, options, { value, text });
}
