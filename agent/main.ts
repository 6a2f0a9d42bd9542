#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { printable, printableJson } from '@bellwether/shared/printable';
import { Compile, Type } from '@bellwether/shared/schema';
import { loadConfig } from './cli/load-config.js';
import type { SimulateOptions } from './cli/simulate.js';
import { describeStatus, fetchStatus } from './cli/status.js';
import { ConfigError, socketPathOf } from './config.js';

/** 0: done, or stopped as asked. 1: failed. 2: wrong use or wrong configuration. */
const exitCodes = { failed: 1, usage: 2 } as const;
const defaultConfig = '/etc/bellwether/agent.yaml';

const Package = Compile(Type.Object({ version: Type.String() }));
const packageFile = new URL('../package.json', import.meta.url);
const { version } = decodeDocument(Package, await readFile(packageFile), { what: 'package.json', maxBytes: 65_536 });

interface SimulateCommand extends Omit<SimulateOptions, 'joinTokens'> {
  readonly config: string;
  readonly joinToken?: readonly string[];
}

const program = new Command('bellwether-agent')
  .description('Keeps the models on this device verified, current and serving.')
  .version(version)
  .showHelpAfterError('(--help shows how)')
  .exitOverride();

program
  .command('run')
  .description('run the agent in the foreground until SIGTERM or SIGINT')
  .option('-c, --config <file>', 'YAML configuration; BELLWETHER_… variables win over it', defaultConfig)
  .action(async ({ config }: { readonly config: string }) => {
    const settings = await loadConfig(config);
    // Only this verb needs the whole agent: status and help answer at once.
    const { runAgent } = await import('./cli/run.js');
    await runAgent(settings, version);
  });

program
  .command('status')
  .description('ask the running agent what serves, and how it stands with its server')
  .option('-c, --config <file>', 'the configuration that the agent runs with', defaultConfig)
  .option('--socket <path>', "the agent's unix socket, instead of the configuration's")
  .option('--json', 'print the whole status as JSON')
  .action(async (options: { readonly config: string; readonly socket?: string; readonly json?: true }) => {
    const status = await fetchStatus(options.socket ?? socketPathOf(await loadConfig(options.config)));
    process.stdout.write(`${options.json ? printableJson(status, 2) : describeStatus(status)}\n`);
  });

program
  .command('rotate-key')
  .description(
    'make a new key for this device and ask the server for it; the old one goes on until an operator has agreed to its fingerprint',
  )
  .option('-c, --config <file>', 'the configuration that the agent runs with', defaultConfig)
  .option('--json', 'print device, fingerprint and standing as JSON')
  .action(async (options: { readonly config: string; readonly json?: true }) => {
    const { describeKeyRequest, rotateKey } = await import('./cli/rotate-key.js');
    const asked = await rotateKey(await loadConfig(options.config));
    process.stdout.write(`${options.json ? JSON.stringify(asked, null, 2) : describeKeyRequest(asked)}\n`);
  });

program
  .command('simulate')
  .description(
    'run many devices in this process against a server: the real agent with scripted runners, stores in memory; the devices stay on the server when it ends, so give it one for trials',
  )
  .requiredOption('--devices <number>', 'how many, 1 to 20000', wholeNumber(20_000))
  .option(
    '-c, --config <file>',
    'server, root, stage, windowSeconds … as for `run`; its name begins theirs',
    defaultConfig,
  )
  .option('--join-token <token...>', 'each lets 100 devices in at the most, in their order')
  .option('--join-token-file <file>', 'one join token a line')
  .option('--behaviour <file>', 'YAML or JSON: what parts of the fleet do (docs/operations.md); by default all is well')
  .option(
    '--seed <number>',
    'the same calls, answers and mishaps of each device in every run; keys, and which calls are the canary’s, are new each time',
    wholeNumber(2 ** 32 - 1),
  )
  .option('--seconds <number>', 'stop after so long; by default at SIGTERM or SIGINT', wholeNumber(30 * 86_400))
  .option('--json <file>', 'keep what the fleet came to in this file, renewed every 2 seconds and at the end')
  .action(async ({ config, joinToken = [], ...options }: SimulateCommand) => {
    const { simulate } = await import('./cli/simulate.js');
    await simulate(await loadConfig(config), version, { ...options, joinTokens: joinToken });
  });

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    // It has printed its own message; help and version are no failures.
    process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
  } else {
    const code = codeOf(error);
    process.stderr.write(`bellwether-agent: ${code === undefined ? '' : `${code}: `}${printable(messageOf(error))}\n`);
    process.exitCode = error instanceof ConfigError ? exitCodes.usage : exitCodes.failed;
  }
}

/** Reads a whole number from 1 to `max`, of an option. */
function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > max) throw new InvalidArgumentError(`A whole number from 1 to ${max} is expected.`);
    return value;
  };
}
