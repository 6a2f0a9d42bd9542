import { type Command, InvalidArgumentError, Option } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { TokenList, TokenReply, type TokenRequest, type TokenView } from '../http/operator-api.js';
import { CliError } from './cli-error.js';
import { parseLabels } from './rollout-target.js';
import { fields, table } from './table.js';
import { labelsText, timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

interface CreateOptions extends ServerOptions {
  readonly labels?: string;
  readonly uses?: number;
  readonly hours?: number;
  readonly kind?: TokenRequest['kind'];
}

interface RevokeOptions extends ServerOptions {
  readonly decommission?: true;
}

const compiledReply = Compile(TokenReply);
const compiledList = Compile(TokenList);

/** `bellwether token …` */
export function addTokenVerbs(program: Command, parts: VerbParts): void {
  const token = program.command('token').description('let devices in');
  withServer(token.command('create'))
    .description('make a token with which devices enrol; it is shown this once')
    .option('--labels <labels>', 'labels of the devices that use it, such as hardware=rpi4,site=a')
    .option('--uses <number>', 'how many devices may use it, 1 to 100', wholeNumber(100))
    .option('--hours <number>', 'how long it is good for, 1 to 24 hours', wholeNumber(24))
    .addOption(
      new Option('--kind <kind>', 'auto: devices are in at once; approve: each waits for `bellwether device approve`')
        .choices(['auto', 'approve'])
        .default('auto'),
    )
    .action((options: CreateOptions) => create(options, parts));
  withServer(token.command('list'))
    .description('list the tokens and how many devices came by each; --json names them')
    .action((options: ServerOptions) => list(options, parts));
  withServer(token.command('revoke'))
    .description('let nobody join by a token any more')
    .argument('<id>', 'its id, as token list shows it')
    .option('--decommission', 'also put every device out that came by it, for ever')
    .action((id: string, options: RevokeOptions) => revoke(id, options, parts));
}

async function create(options: CreateOptions, { terminal }: VerbParts): Promise<void> {
  const request: TokenRequest = {
    ...(options.labels !== undefined && { labels: parseLabels(options.labels) }),
    ...(options.uses !== undefined && { uses: options.uses }),
    ...(options.hours !== undefined && { hours: options.hours }),
    ...(options.kind !== undefined && { kind: options.kind }),
  };
  const reply = await (await connect(options)).post('/api/v1/tokens', request, compiledReply);
  const text = fields([
    ['token', reply.token],
    ['id', reply.id],
    ['kind', reply.kind],
    ['uses', String(reply.uses)],
    ['expires', timeText(reply.expiresAtMs)],
  ]);
  print(terminal, options, { value: reply, text });
}

async function list(options: ServerOptions, { terminal, clock }: VerbParts): Promise<void> {
  const { tokens } = await (await connect(options)).get('/api/v1/tokens', compiledList);
  printTokens(tokens, options, { terminal, clock });
}

async function revoke(id: string, options: RevokeOptions, { terminal, clock }: VerbParts): Promise<void> {
  if (!/^[0-9a-f]{12}$/.test(id))
    throw new CliError('usage', `${id} is no token's id: bellwether token list shows them`);
  const body = options.decommission === true ? { decommission: true } : {};
  const { tokens } = await (await connect(options)).post(`/api/v1/tokens/${id}/revoke`, body, compiledList);
  printTokens(
    tokens.filter((token) => token.id === id),
    options,
    { terminal, clock },
  );
}

function printTokens(tokens: readonly TokenView[], options: ServerOptions, { terminal, clock }: VerbParts): void {
  const nowMs = clock.now().wallMs;
  const rows = tokens.map((token) => [
    token.id,
    token.kind,
    stateText(token, nowMs),
    `${token.uses - token.usesLeft} of ${token.uses}`,
    String(token.devices.length),
    timeText(token.expiresAtMs),
    labelsText(token.labels),
  ]);
  const header = ['token', 'kind', 'state', 'used', 'devices', 'expires', 'labels'];
  print(terminal, options, { value: tokens, text: rows.length === 0 ? 'No tokens yet.' : table(header, rows) });
}

/** One word on whether somebody can still join by it. */
export function stateText({ revokedAtMs, expiresAtMs, usesLeft }: TokenView, nowMs: number): string {
  if (revokedAtMs !== null) return 'revoked';
  if (expiresAtMs <= nowMs) return 'expired';
  return usesLeft === 0 ? 'spent' : 'open';
}

function wholeNumber(maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= maximum) return value;
    throw new InvalidArgumentError(`It is a whole number from 1 to ${maximum}.`);
  };
}
