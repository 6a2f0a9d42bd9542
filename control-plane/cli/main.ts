#!/usr/bin/env node
import { isatty } from 'node:tty';
import { CommanderError } from 'commander';
import { systemClock } from '@bellwether/shared/clock';
import { codeOf } from '@bellwether/shared/errors';
import { ownVersion } from '../own-version-disk.js';
import { describeFailure } from './failure.js';
import { buildProgram } from './program.js';
import { askSecret } from './secret-prompt.js';
import type { Terminal } from './terminal.js';

const terminal: Terminal = {
  isInteractive: isatty(process.stderr.fd),
  columns: process.stderr.columns ?? 80,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  secret: askSecret,
};

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error) => {
  if (codeOf(error) !== 'EPIPE') throw error;
  process.exit();
});

const asJson = process.argv.includes('--json');
try {
  const program = buildProgram({ terminal, clock: systemClock }, { asJson });
  await program.version(await ownVersion()).parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has said what is wrong; help and version are no mistakes.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const failure = describeFailure(error, asJson);
    terminal.err(`${failure.text}\n`);
    process.exitCode = failure.exitCode;
  }
}
