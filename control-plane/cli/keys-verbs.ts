import { type Command, InvalidArgumentError } from 'commander';
import { initDevelopmentKeys, initProductionKeys, type KeySet } from '../publisher/key-set-disk.js';
import { CliError } from './cli-error.js';
import { addKeysChangeVerbs } from './keys-change-verbs.js';
import { addKeysListVerbs } from './keys-list-verbs.js';
import { newPassphrase, type PassphraseOptions, withPassphrase } from './passphrase.js';
import { fields } from './table.js';
import { type OutputOptions, print, type VerbParts, withOutput } from './verb.js';

interface InitOptions extends OutputOptions, PassphraseOptions {
  readonly dev?: true;
  readonly publishers?: number;
  readonly approvers?: number;
  readonly out: string;
  readonly family: readonly string[];
}

/** `bellwether keys …` */
export function addKeysVerbs(program: Command, parts: VerbParts): void {
  const keys = program
    .command('keys')
    .description('the keys that everything hangs on: make them, and say whose signature counts');
  withPassphrase(withOutput(keys.command('init')))
    .description(
      'make a key set: root and targets (any 2 of 3 keys), publishers and approvers, each key under its passphrase; and a folder for the server',
    )
    .option('--dev', 'a development set: one key per role, and marked so; devices take it only where they are told to')
    .requiredOption('--out <dir>', 'a new folder')
    .requiredOption('--family <name...>', 'model families: a model’s name up to its first dash')
    .option('--publishers <count>', 'people who may sign staging (default: 1)', count)
    .option('--approvers <count>', 'people who may sign production (default: 1)', count)
    .action((options: InitOptions) => init(options, parts));
  addKeysListVerbs(keys, parts);
  addKeysChangeVerbs(keys, parts);
}

async function init(options: InitOptions, parts: VerbParts): Promise<void> {
  const set = await (options.dev === true ? initDevelopment(options, parts) : initProduction(options, parts));
  const many = options.dev === true ? '' : '-N';
  const text = [
    fields([
      ['root.json', 'what devices pin'],
      [`publisher${many}.key`, 'signs staging'],
      [`approver${many}.key`, 'signs production'],
      ['offline/', 'root and targets keys: put them away'],
      ['server/', 'for bellwether serve --keys'],
    ]),
    '',
    `A ${options.dev === true ? 'development' : 'production'} key set for ${set.families.join(', ')} is in ${set.folder}.`,
    `Root SHA-256: ${set.rootSha256}`,
  ];
  if (options.dev !== true) {
    text.push(
      'Give each key to its holder and leave no copy here. Root and targets need any 2 of their 3 keys: keep them apart.',
      'Publishers and approvers need root.json beside their key.',
    );
  }
  print(parts.terminal, options, { value: set, text: text.join('\n') });
}

function initDevelopment(options: InitOptions, { clock }: VerbParts): Promise<KeySet> {
  if (options.publishers !== undefined || options.approvers !== undefined) {
    throw new CliError('usage', 'a development set has one key of each: leave out --publishers and --approvers');
  }
  return initDevelopmentKeys(options.out, options.family, clock.now().wallMs);
}

function initProduction(options: InitOptions, { terminal, clock }: VerbParts): Promise<KeySet> {
  const { out, family: families, publishers = 1, approvers = 1 } = options;
  const passphrase = newPassphrase(options, terminal);
  return initProductionKeys(out, { families, publishers, approvers, passphrase }, clock.now().wallMs);
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 10) return value;
  throw new InvalidArgumentError('It is a number from 1 to 10.');
}
