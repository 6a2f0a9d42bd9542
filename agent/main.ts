#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { Command, CommanderError } from 'commander';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { printable, printableJson } from '@bellwether/shared/printable';
import { Compile, Type } from '@bellwether/shared/schema';
import { loadConfig } from './cli/load-config.js';
import { describeStatus, fetchStatus } from './cli/status.js';
import { ConfigError, socketPathOf } from './config.js';

/** 0: done, or stopped as asked. 1: failed. 2: wrong use or wrong configuration. */
const exitCodes = { failed: 1, usage: 2 } as const;
const defaultConfig = '/etc/bellwether/agent.yaml';

const Package = Compile(Type.Object({ version: Type.String() }));
const packageFile = new URL('../package.json', import.meta.url);
const { version } = decodeDocument(Package, await readFile(packageFile), { what: 'package.json', maxBytes: 65_536 });

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
