import { type Command, InvalidArgumentError, Option } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { ApiTokenList, ApiTokenReply, type ApiTokenRequest } from '../http/people-api.js';
import { type Role, roles } from '../operators/role.js';
import { fields, table } from './table.js';
import { timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

/** What commander takes for an option's value: of null it makes an empty text. */
const neverEnding = 'never-ending';
type TokenDays = number | typeof neverEnding;

interface CreateOptions extends ServerOptions {
  readonly role: Role;
  readonly days: TokenDays;
  readonly operator?: string;
}

const compiledList = Compile(ApiTokenList);
const compiledReply = Compile(ApiTokenReply);

/** `bellwether api-token …` */
export function addApiTokenVerbs(program: Command, parts: VerbParts): void {
  const token = program.command('api-token').description('let programs in');
  withServer(token.command('create'))
    .description('make a token for a program; it is shown this once')
    .argument('<label>', 'what it is for')
    .addOption(new Option('--role <role>', 'what it may do at most').choices(roles).default('viewer'))
    .addOption(
      new Option('--days <days>', 'how long it is good for, 1 to 366, or never-ending').argParser(days).default(90),
    )
    .option('--operator <name>', 'whose it is (as an admin; default: yours)')
    .action((label: string, options: CreateOptions) => create(label, options, parts));
  withServer(token.command('list'))
    .description('list your tokens and logins; as an admin everybody’s')
    .action((options: ServerOptions) => list(options, parts));
  withServer(token.command('revoke'))
    .description('end a token or a login, at once')
    .argument('<id>', 'as the list shows it')
    .action((id: string, options: ServerOptions) => revoke(id, options, parts));
}

async function create(label: string, options: CreateOptions, { terminal }: VerbParts): Promise<void> {
  const { role, operator } = options;
  const request: ApiTokenRequest = {
    label,
    role,
    days: options.days === neverEnding ? null : options.days,
    ...(operator !== undefined && { operator }),
  };
  const reply = await (await connect(options)).post('/api/v1/api-tokens', request, compiledReply);
  const text = fields([
    ['token', reply.token],
    ['id', reply.id],
    ['operator', reply.operator],
    ['role', reply.role],
    ['expires', untilText(reply.expiresAtMs)],
  ]);
  print(terminal, options, { value: reply, text });
}

async function list(options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const { tokens } = await (await connect(options)).get('/api/v1/api-tokens', compiledList);
  const rows = tokens.map((each) => [
    each.id,
    each.kind,
    each.operator,
    each.role,
    each.label,
    timeText(each.createdAtMs),
    untilText(each.expiresAtMs),
  ]);
  const header = ['id', 'kind', 'operator', 'role', 'label', 'created', 'expires'];
  print(terminal, options, { value: tokens, text: rows.length === 0 ? 'No tokens.' : table(header, rows) });
}

async function revoke(id: string, options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  await (await connect(options)).command('DELETE', `/api/v1/api-tokens/${encodeURIComponent(id)}`);
  print(terminal, options, { value: { id }, text: `${id} is revoked.` });
}

function untilText(expiresAtMs: number | null): string {
  return expiresAtMs === null ? 'never' : timeText(expiresAtMs);
}

function days(text: string): TokenDays {
  if (text === neverEnding) return neverEnding;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 366) return value;
  throw new InvalidArgumentError('It is a number of days from 1 to 366, or never-ending.');
}
