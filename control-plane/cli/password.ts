import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { messageOf } from '@bellwether/shared/errors';
import { CliError } from './cli-error.js';
import type { Terminal } from './terminal.js';

/** Options of every verb that needs a password. */
export interface PasswordOptions {
  readonly passwordFile?: string;
}

/** Adds `--password-file`; a password is never an argument, which other users of the machine could read. */
export function withPassword(command: Command): Command {
  return command.option(
    '--password-file <file>',
    'a file whose first line is the password (env: BELLWETHER_PASSWORD; default: ask)',
  );
}

/** A password that somebody has: from the file, from the environment, else a person is asked. */
export async function knownPassword(options: PasswordOptions, question: string, terminal: Terminal): Promise<string> {
  return (await givenPassword(options)) ?? terminal.secret(`${question}: `);
}

/** A password that is chosen: a person types it twice. Throws CliError `password-differs`. */
export async function newPassword(options: PasswordOptions, name: string, terminal: Terminal): Promise<string> {
  const given = await givenPassword(options);
  if (given !== undefined) return given;
  const chosen = await terminal.secret(`New password for ${name}: `);
  if ((await terminal.secret('Again: ')) === chosen) return chosen;
  throw new CliError('password-differs', 'the two passwords differ; nothing was changed');
}

async function givenPassword({ passwordFile }: PasswordOptions): Promise<string | undefined> {
  if (passwordFile === undefined) return process.env['BELLWETHER_PASSWORD'];
  const text = await readFile(passwordFile, 'utf8').catch((cause: unknown) => {
    throw new CliError('file', `the password file cannot be read: ${messageOf(cause)}`, { cause });
  });
  return text.split(/\r?\n/, 1)[0] ?? '';
}
