import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { Clock } from '@bellwether/shared/clock';
import { messageOf } from '@bellwether/shared/errors';
import { printableJson, printableLines } from '@bellwether/shared/printable';
import { ServerConnection } from '../publisher/server-http.js';
import { CliError } from './cli-error.js';
import { readLogin } from './login-file-disk.js';
import type { Terminal } from './terminal.js';

/** What every verb gets. */
export interface VerbParts {
  readonly terminal: Terminal;
  readonly clock: Clock;
}

/** Options of every verb. */
export interface OutputOptions {
  readonly json?: true;
}

/** Options of every verb that speaks to a server. */
export interface ServerOptions extends OutputOptions {
  readonly server: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/** Adds `--json`. */
export function withOutput(command: Command): Command {
  return command.option('--json', 'print JSON, for programs');
}

/** Adds the options that say which server, and with whose right. */
export function withServer(command: Command): Command {
  return withOutput(command)
    .addOption(new Option('--server <url>', 'the server').env('BELLWETHER_SERVER').default('http://127.0.0.1:8080'))
    .option('--token <token>', "an operator's token (env: BELLWETHER_TOKEN; default: that of bellwether login)")
    .option('--token-file <file>', "a file with an operator's token (env: BELLWETHER_TOKEN_FILE)");
}

/** Checks a server's address; throws CliError `usage`. Answers without a slash at the end. */
export function serverUrl({ server }: Pick<ServerOptions, 'server'>): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CliError('usage', `${server} is no address of a server, such as https://bellwether.example:8080`);
  }
  return url.href.replace(/\/+$/, '');
}

/** A connection with the operator's token; throws CliError `token-missing`, `file` or `usage`. */
export async function connect(options: ServerOptions): Promise<ServerConnection> {
  return new ServerConnection(serverUrl(options), await tokenOf(options));
}

/** Writes a verb's result: a value for programs, or text for people. */
export function print(
  terminal: Terminal,
  options: OutputOptions,
  result: { readonly value: unknown; readonly text: string },
): void {
  terminal.out(`${options.json ? printableJson(result.value, 2) : printableLines(result.text)}\n`);
}

/** What the command line says wins over the environment, whichever of the two ways it says it; then comes a login. */
async function tokenOf(options: ServerOptions): Promise<string> {
  const { BELLWETHER_TOKEN, BELLWETHER_TOKEN_FILE } = process.env;
  const isSaid = options.token !== undefined || options.tokenFile !== undefined;
  const { token, tokenFile } = isSaid ? options : { token: BELLWETHER_TOKEN, tokenFile: BELLWETHER_TOKEN_FILE };
  if (token) return token;
  if (!tokenFile) {
    const login = await readLogin(serverUrl(options));
    if (login !== undefined) return login.token;
    throw new CliError('token-missing', 'this needs a login, or an operator’s token');
  }
  const text = await readFile(tokenFile, 'utf8').catch((cause: unknown) => {
    throw new CliError('file', `the token file cannot be read: ${messageOf(cause)}`, { cause });
  });
  return text.trim();
}
