import { hostname } from 'node:os';
import type { Command } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { LoginReply, type LoginRequest, Me } from '../http/people-api.js';
import { ServerConnection } from '../publisher/server-http.js';
import { CliError } from './cli-error.js';
import { loginFilePath, readLogin, writeLogin } from './login-file-disk.js';
import { knownPassword, type PasswordOptions, withPassword } from './password.js';
import { fields } from './table.js';
import { timeText } from './units.js';
import { connect, print, type ServerOptions, serverUrl, type VerbParts, withServer } from './verb.js';

interface LoginOptions extends ServerOptions, PasswordOptions {
  readonly name: string;
}

const compiledReply = Compile(LoginReply);
const compiledMe = Compile(Me);

/** `bellwether login`, `logout` and `whoami`. */
export function addLoginVerbs(program: Command, parts: VerbParts): void {
  withPassword(withServer(program.command('login')))
    .description('log in with name and password; the verbs that follow use the login, for 12 hours')
    .requiredOption('--name <name>', 'your account')
    .action((options: LoginOptions) => login(options, parts));
  withServer(program.command('logout'))
    .description('end the login, here and on the server')
    .action((options: ServerOptions) => logout(options, parts));
  withServer(program.command('whoami'))
    .description('show as whom the verbs act, and in which role')
    .action((options: ServerOptions) => whoAmI(options, parts));
}

async function login(options: LoginOptions, { terminal }: VerbParts): Promise<void> {
  const { name } = options;
  const server = serverUrl(options);
  const password = await knownPassword(options, `Password of ${name} at ${server}`, terminal);
  const request: LoginRequest = { name, password, as: 'token', label: `login on ${hostname()}`.slice(0, 100) };
  const reply = await new ServerConnection(server, undefined).post('/api/v1/logins', request, compiledReply);
  const { role, expiresAtMs, token } = reply;
  await writeLogin(server, { name, token: token ?? '', expiresAtMs });
  const value = { name, role, expiresAtMs, file: loginFilePath() };
  const text = `${name} is logged in to ${server} as ${role}, until ${timeText(expiresAtMs)} (kept in ${value.file}).`;
  print(terminal, options, { value, text });
}

async function logout(options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const server = serverUrl(options);
  const kept = await readLogin(server);
  if (kept === undefined) throw new CliError('token-missing', `nobody is logged in to ${server} here`);
  // Forgotten here first: whatever the server says, this machine uses it no more.
  await writeLogin(server, undefined);
  await new ServerConnection(server, kept.token).command('DELETE', '/api/v1/logins/current');
  print(terminal, options, { value: { name: kept.name }, text: `${kept.name} is logged out of ${server}.` });
}

async function whoAmI(options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const { operator } = await (await connect(options)).get('/api/v1/me', compiledMe);
  if (operator === null) throw new CliError('token-missing', 'the server does not know this token (any more)');
  const until = operator.expiresAtMs === null ? 'it is revoked' : timeText(operator.expiresAtMs);
  const text = fields([
    ['name', operator.name],
    ['role', operator.role],
    ['until', until],
  ]);
  print(terminal, options, { value: operator, text });
}
