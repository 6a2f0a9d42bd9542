import { type Command, Option } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { Me, OperatorList, type OperatorRequest, OperatorView } from '../http/people-api.js';
import { type PersonRole, personRoles } from '../operators/role.js';
import { CliError } from './cli-error.js';
import { knownPassword, newPassword, type PasswordOptions, withPassword } from './password.js';
import { table } from './table.js';
import { timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

interface AddOptions extends ServerOptions, PasswordOptions {
  readonly role: PersonRole;
  /** commander's name for `--no-password`. */
  readonly password: boolean;
}

const compiledList = Compile(OperatorList);
const compiledView = Compile(OperatorView);
const compiledMe = Compile(Me);

/** `bellwether operator …` */
export function addOperatorVerbs(program: Command, parts: VerbParts): void {
  const operator = program.command('operator').description('who may do what: viewer, operator, approver, admin');
  withPassword(withServer(operator.command('add')))
    .description('add an account')
    .argument('<name>', 'letters, digits, dots and dashes, in lower case')
    .addOption(new Option('--role <role>', 'what it may do').choices(personRoles).makeOptionMandatory())
    .option('--no-password', 'an account for programs: by API tokens only')
    .action((name: string, options: AddOptions) => add(name, options, parts));
  withServer(operator.command('list'))
    .description('list the accounts')
    .action((options: ServerOptions) => list(options, parts));
  withServer(operator.command('role'))
    .description('give an account another role; it holds from its next request on')
    .argument('<name>', 'whose, as operator list shows it')
    .addArgument(program.createArgument('<role>', 'what it may do from now on').choices(personRoles))
    .action((name: string, role: PersonRole, options: ServerOptions) => setRole({ name, role }, options, parts));
  withServer(operator.command('remove'))
    .description('remove an account with all its tokens and logins, at once')
    .argument('<name>', 'whose, as operator list shows it')
    .action((name: string, options: ServerOptions) => remove(name, options, parts));
  withPassword(withServer(operator.command('password')))
    .description('set a password and end the logins made with the old one; your own, or as an admin anybody’s')
    .argument('<name>', 'whose, as operator list shows it')
    .action((name: string, options: ServerOptions & PasswordOptions) => setPassword(name, options, parts));
}

async function add(name: string, options: AddOptions, { terminal }: VerbParts): Promise<void> {
  const connection = await connect(options);
  const password = options.password ? { password: await newPassword(options, name, terminal) } : {};
  const request: OperatorRequest = { name, role: options.role, ...password };
  const view = await connection.post('/api/v1/operators', request, compiledView);
  print(terminal, options, { value: view, text: `${view.name} is ${view.role}.` });
}

async function list(options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const { operators } = await (await connect(options)).get('/api/v1/operators', compiledList);
  const rows = operators.map((each) => [
    each.name,
    each.role,
    each.hasPassword ? 'yes' : 'no',
    timeText(each.createdAtMs),
  ]);
  print(terminal, options, { value: operators, text: table(['name', 'role', 'password', 'since'], rows) });
}

async function setRole(
  { name, role }: { readonly name: string; readonly role: PersonRole },
  options: ServerOptions,
  { terminal }: VerbParts,
): Promise<void> {
  await (await connect(options)).command('PATCH', pathOf(name), { role });
  print(terminal, options, { value: { name, role }, text: `${name} is ${role} now.` });
}

async function remove(name: string, options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  await (await connect(options)).command('DELETE', pathOf(name));
  print(terminal, options, { value: { name }, text: `${name} is removed.` });
}

/** With a login one proves the old password; an admin sets another's without it. */
async function setPassword(
  name: string,
  options: ServerOptions & PasswordOptions,
  { terminal }: VerbParts,
): Promise<void> {
  const connection = await connect(options);
  const { operator } = await connection.get('/api/v1/me', compiledMe);
  if (operator === null) throw new CliError('token-missing', 'the server does not know this token (any more)');
  if (operator.role === 'admin') {
    const password = await newPassword(options, name, terminal);
    await connection.command('PUT', `${pathOf(name)}/password`, { password });
  } else {
    if (operator.name !== name) throw new CliError('usage', `only an admin sets the password of ${name}`);
    const current = await knownPassword({}, `Current password of ${name}`, terminal);
    const password = await newPassword(options, name, terminal);
    await connection.command('PUT', '/api/v1/me/password', { current, password });
  }
  print(terminal, options, { value: { name }, text: `${name} has a new password; the logins with the old one ended.` });
}

function pathOf(name: string): string {
  return `/api/v1/operators/${encodeURIComponent(name)}`;
}
