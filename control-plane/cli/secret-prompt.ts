import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliError } from './cli-error.js';

/** Asks a person for a secret on the terminal, which shows nothing of what is typed. Throws CliError `passphrase-missing` without a terminal. */
export async function askSecret(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    throw new CliError('passphrase-missing', `no terminal to ask on: ${question.replace(/:? *$/, '')}`);
  }
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // As a terminal, readline switches the echo off and lets mistakes be corrected.
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  // Only now: what is typed before the echo is off would be seen.
  stderr.write(question);
  const stopped = new AbortController();
  lines.once('SIGINT', () => stopped.abort());
  try {
    return await lines.question('', { signal: stopped.signal });
  } catch (cause) {
    throw new CliError('passphrase-missing', 'no passphrase was given', { cause });
  } finally {
    lines.close();
    stderr.write('\n');
  }
}
