import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { messageOf } from '@bellwether/shared/errors';
import type { AskPassphrase } from '../publisher/key-file-disk.js';
import { CliError } from './cli-error.js';
import type { Terminal } from './terminal.js';

/** Options of every verb that opens or makes private keys. */
export interface PassphraseOptions {
  readonly passphraseFile?: string;
}

/** A passphrase that people choose; scrypt makes guessing dear, not impossible. */
const minCharacters = 12;

/** Adds `--passphrase-file`. */
export function withPassphrase(command: Command): Command {
  return command.option(
    '--passphrase-file <file>',
    'a file whose first line is the passphrase of every key (env: BELLWETHER_PASSPHRASE_FILE, BELLWETHER_PASSPHRASE; default: ask)',
  );
}

/** The passphrase of a key that is there: from the file, from the environment, else a person is asked. */
export function knownPassphrase(options: PassphraseOptions, terminal: Terminal): AskPassphrase {
  return async (keyName) => (await givenPassphrase(options)) ?? terminal.secret(`Passphrase of ${keyName}: `);
}

/** The passphrase of a key that is made: a person types it twice. Throws CliError `passphrase-weak` or `passphrase-differs`. */
export function newPassphrase(options: PassphraseOptions, terminal: Terminal): AskPassphrase {
  return async (keyName) => {
    const given = await givenPassphrase(options);
    if (given !== undefined) return strongEnough(given);
    const chosen = strongEnough(await terminal.secret(`New passphrase for ${keyName}: `));
    if ((await terminal.secret(`Again, for ${keyName}: `)) === chosen) return chosen;
    throw new CliError('passphrase-differs', `the two passphrases for ${keyName} differ; nothing was made`);
  };
}

function strongEnough(passphrase: string): string {
  if (passphrase.length >= minCharacters) return passphrase;
  throw new CliError('passphrase-weak', `a passphrase has at least ${minCharacters} characters`);
}

async function givenPassphrase({ passphraseFile }: PassphraseOptions): Promise<string | undefined> {
  const { BELLWETHER_PASSPHRASE, BELLWETHER_PASSPHRASE_FILE } = process.env;
  const path = passphraseFile ?? BELLWETHER_PASSPHRASE_FILE;
  if (path === undefined) return BELLWETHER_PASSPHRASE;
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CliError('file', `the passphrase file cannot be read: ${messageOf(cause)}`, { cause });
  });
  return text.split('\n', 1)[0] ?? '';
}
