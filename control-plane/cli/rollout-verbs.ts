import { type Command, InvalidArgumentError } from 'commander';
import { parseReleaseId } from '@bellwether/shared/ids';
import { Compile } from '@bellwether/shared/schema';
import { RolloutList, type RolloutRequest, type RolloutView } from '../http/rollout-api.js';
import { RolloutPreview } from '../http/rollout-preview-api.js';
import type { ServerConnection } from '../publisher/server-http.js';
import { CliError } from './cli-error.js';
import { addKeptVerdictVerbs } from './kept-verdict-verbs.js';
import { readPolicy } from './policy-file.js';
import { addPolicyVerb } from './policy-verb.js';
import { previewText } from './preview-text.js';
import { Progress } from './progress.js';
import { addRolloutDecisionVerbs } from './rollout-decision-verbs.js';
import { addRolloutDevicesVerb } from './rollout-devices-verb.js';
import { parseTarget, targetText } from './rollout-target.js';
import { explanation, progressText, rolloutText } from './rollout-text.js';
import { compiledRollout, refuseUnfinished, watchRollout } from './rollout-watch.js';
import { table } from './table.js';
import { agoText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

interface WaitOptions extends ServerOptions {
  readonly timeout?: number;
}

interface CreateOptions extends WaitOptions {
  readonly to: string;
  readonly policy?: string;
  readonly supersede?: true;
  readonly dryRun?: true;
  readonly wait?: true;
}

interface ShowOptions extends WaitOptions {
  readonly watch?: true;
}

const compiledList = Compile(RolloutList);
const compiledPreview = Compile(RolloutPreview);

/** `bellwether rollout …` */
export function addRolloutVerbs(program: Command, parts: VerbParts): void {
  const rollout = program.command('rollout').description('bring a release to devices');
  withWaiting(rollout.command('create'))
    .description('roll an approved release out')
    .argument('<release>', 'such as digits@1.1.0')
    .requiredOption('--to <target>', 'all, or labels that a device must all carry, such as hardware=rpi4,site=a')
    .option(
      '--policy <name|file>',
      'direct (every device at once), careful, standard, fast, hotfix, or a file in YAML or JSON',
      'direct',
    )
    .option('--supersede', 'end the rollouts of this model that are on their way to the same devices')
    .option('--dry-run', 'say what would become of it: devices, bytes, calls and time; nothing is begun')
    .option('--wait', 'show it until it has ended; exits as rollout watch does')
    .action((release: string, options: CreateOptions) => create(release, options, parts));
  withWaiting(rollout.command('show'))
    .description('show one rollout: its steps, its evidence, its devices')
    .argument('<id>', 'its id, as rollout list shows it')
    .option('--watch', 'show it until it has ended; exits as rollout watch does')
    .action((id: string, options: ShowOptions) => show(id, options, parts));
  withWaiting(rollout.command('watch'))
    .description(
      'show a rollout until it has ended or is held: exits with 0 if it is done, 3 held, 4 --timeout, 5 taken back, ended or superseded',
    )
    .argument('<id>', 'its id, as rollout list shows it')
    .action((id: string, options: WaitOptions) => show(id, { ...options, watch: true }, parts));
  withServer(rollout.command('explain'))
    .description('say in sentences why a rollout is where it is, with the numbers')
    .argument('<id>', 'its id, as rollout list shows it')
    .action((id: string, options: ServerOptions) => explain(id, options, parts));
  addRolloutDevicesVerb(rollout, parts);
  addRolloutDecisionVerbs(rollout, parts);
  addKeptVerdictVerbs(rollout, parts);
  addPolicyVerb(rollout, parts);
  withServer(rollout.command('list'))
    .description('list the rollouts, newest first')
    .action((options: ServerOptions) => list(options, parts));
}

function withWaiting(command: Command): Command {
  return withServer(command).option('--timeout <seconds>', 'stop waiting after this long (default: never)', seconds);
}

async function create(release: string, options: CreateOptions, parts: VerbParts): Promise<void> {
  if (parseReleaseId(release) === undefined) {
    throw new CliError('usage', `${release} is no release: write MODEL@VERSION, such as digits@1.0.0`);
  }
  const policy = await readPolicy(options.policy ?? 'direct');
  const { supersede = false } = options;
  const request: RolloutRequest = {
    release,
    to: parseTarget(options.to),
    ...(policy !== 'direct' && { policy }),
    ...(supersede && { supersede }),
  };
  const connection = await connect(options);
  if (options.dryRun === true) {
    const preview = await connection.post('/api/v1/rollouts/preview', request, compiledPreview);
    print(parts.terminal, options, { value: preview, text: previewText(preview) });
    return;
  }
  const created = await connection.post('/api/v1/rollouts', request, compiledRollout);
  const isWaiting = options.wait === true;
  finish(isWaiting ? await watch(created.id, connection, { options, parts }) : created, isWaiting, { options, parts });
}

async function show(id: string, options: ShowOptions, parts: VerbParts): Promise<void> {
  const connection = await connect(options);
  const isWaiting = options.watch === true;
  const rollout = isWaiting
    ? await watch(id, connection, { options, parts })
    : await connection.get(`/api/v1/rollouts/${encodeURIComponent(id)}`, compiledRollout);
  finish(rollout, isWaiting, { options, parts });
}

async function explain(id: string, options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const connection = await connect(options);
  const rollout = await connection.get(`/api/v1/rollouts/${encodeURIComponent(id)}`, compiledRollout);
  print(terminal, options, { value: rollout, text: explanation(rollout) });
}

async function list(options: ServerOptions, { terminal, clock }: VerbParts): Promise<void> {
  const { rollouts } = await (await connect(options)).get('/api/v1/rollouts', compiledList);
  const nowMs = clock.now().wallMs;
  const rows = rollouts.map((r) => [
    r.id,
    r.release,
    targetText(r.to),
    r.phase,
    progressText(r),
    agoText(r.createdAtMs, nowMs),
  ]);
  const text =
    rows.length === 0 ? 'No rollouts yet.' : table(['rollout', 'release', 'to', 'phase', 'progress', 'created'], rows);
  print(terminal, options, { value: rollouts, text });
}

interface Context {
  readonly options: WaitOptions;
  readonly parts: VerbParts;
}

function watch(id: string, connection: ServerConnection, { options, parts }: Context): Promise<RolloutView> {
  const progress = new Progress(parts.terminal, options.json === true);
  const { timeout } = options;
  return watchRollout(id, {
    connection,
    clock: parts.clock,
    progress,
    ...(timeout !== undefined && { timeoutSeconds: timeout }),
  });
}

function finish(rollout: RolloutView, isOutcome: boolean, { options, parts }: Context): void {
  print(parts.terminal, options, { value: rollout, text: rolloutText(rollout) });
  if (isOutcome) refuseUnfinished(rollout);
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It is a number of seconds.');
}
