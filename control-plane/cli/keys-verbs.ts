import type { Command } from 'commander';
import { initDevelopmentKeys } from '../publisher/key-set-disk.js';
import { CliError } from './cli-error.js';
import { fields } from './table.js';
import { type OutputOptions, print, type VerbParts, withOutput } from './verb.js';

interface InitOptions extends OutputOptions {
  readonly dev?: true;
  readonly out: string;
  readonly family: readonly string[];
}

/** `bellwether keys …` */
export function addKeysVerbs(program: Command, parts: VerbParts): void {
  const keys = program.command('keys').description('make the keys that everything hangs on');
  withOutput(keys.command('init'))
    .description('make a key set: root, targets, publisher and approver keys, and a folder for the server')
    .option('--dev', 'a development set: one key per role, and marked so; devices take it only where they are told to')
    .requiredOption('--out <dir>', 'a new folder')
    .requiredOption('--family <name...>', 'model families: a model’s name up to its first dash')
    .action((options: InitOptions) => init(options, parts));
}

async function init(options: InitOptions, { terminal, clock }: VerbParts): Promise<void> {
  if (options.dev !== true) {
    throw new CliError('usage', 'only development sets can be made so far: say --dev');
  }
  const set = await initDevelopmentKeys(options.out, options.family, clock.now().wallMs);
  const text = [
    fields([
      ['root.json', 'what devices pin'],
      ['publisher.key', 'signs staging'],
      ['approver.key', 'signs production'],
      ['offline/', 'root and targets keys: put them away'],
      ['server/', 'for bellwether serve --keys'],
    ]),
    '',
    `A development key set for ${set.families.join(', ')} is in ${set.folder}.`,
    `Root SHA-256: ${set.rootSha256}`,
  ].join('\n');
  print(terminal, options, { value: set, text });
}
