import type { Command } from 'commander';
import { Option } from 'commander';
import { hex64Pattern } from '@bellwether/shared/ids';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import { metadataKeyUses, onlineKeyUses } from '../catalog/repository-layout.js';
import { type PeoplesUse, peoplesUses } from '../publisher/key-edit.js';
import { makeKey } from '../publisher/key-set-disk.js';
import { keyChange, newFamily, renewal, serverKeyRotation } from '../publisher/next-files.js';
import { CliError } from './cli-error.js';
import { addKeysPreparedVerbs, carryOut } from './keys-prepared-verbs.js';
import { type HoldersOptions, withHolders } from './keys-signer.js';
import { newPassphrase, type PassphraseOptions, withPassphrase } from './passphrase.js';
import { fields } from './table.js';
import { type OutputOptions, print, type VerbParts, withOutput } from './verb.js';

interface MakeOptions extends OutputOptions, PassphraseOptions {
  readonly out: string;
}

interface AddOptions extends HoldersOptions {
  readonly public: string;
}

interface RotateOptions extends HoldersOptions {
  readonly old?: string;
  readonly public?: string;
  readonly stolen?: true;
}

/** The server's own keys. */
const serverUses = [...metadataKeyUses, ...onlineKeyUses] as const;

/** The verbs of `bellwether keys` that change who may sign. */
export function addKeysChangeVerbs(keys: Command, parts: VerbParts): void {
  withPassphrase(withOutput(keys.command('make')))
    .description('make one key, sealed under its passphrase, and print its public key: for its holder, on his machine')
    .argument('<use>', peoplesUses.join(', '))
    .requiredOption('--out <file>', 'a new file')
    .action((use: string, options: MakeOptions) => make(use, options, parts));
  withHolders(keys.command('add'))
    .description('let one key more sign for a use')
    .argument('<use>', peoplesUses.join(', '))
    .addOption(publicOption())
    .action((use: string, options: AddOptions) => change({ use, add: options.public }, options, parts));
  withHolders(keys.command('rotate'))
    .description(
      `put a new key in the place of an old one; of the server’s own (${serverUses.join(', ')}) it makes the new ones itself, several at once`,
    )
    .argument('<use...>', [...peoplesUses, ...serverUses].join(', '))
    .option('--old <key>', 'people’s keys: the public key that goes')
    .option('--public <key>', 'people’s keys: the public key that comes (bellwether keys make prints it)')
    .option('--stolen', 'the server’s keys: a higher epoch, so that nothing that the thief signed counts')
    .action((uses: readonly string[], options: RotateOptions) => rotate(uses, options, parts));
  withHolders(keys.command('revoke'))
    .description('take a key away; every file that it signed is signed anew by those that stay, in one transaction')
    .argument('<use>', peoplesUses.join(', '))
    .argument('<key>', 'the public key')
    .action((use: string, key: string, options: HoldersOptions) => change({ use, remove: key }, options, parts));
  withHolders(keys.command('renew'))
    .description('give files a whole lifetime again: root and targets a year, roles 180 days')
    .argument('<role...>', 'root, targets, or roles such as staging-digits')
    .action((roles: readonly string[], options: HoldersOptions) =>
      carryOut(({ nowMs }) => renewal(roles, nowMs), options, parts),
    );
  withHolders(keys.command('add-family'))
    .description('add a model family, for the publishers and approvers that there are: targets and one of each sign')
    .argument('<name>', 'its models’ names up to their first dash')
    .action((family: string, options: HoldersOptions) =>
      carryOut(({ nowMs }) => newFamily(family, nowMs), options, parts),
    );
  addKeysPreparedVerbs(keys, parts);
}

function publicOption(): Option {
  return new Option(
    '--public <key>',
    'the public key that comes (bellwether keys make prints it)',
  ).makeOptionMandatory();
}

async function make(use: string, options: MakeOptions, { terminal }: VerbParts): Promise<void> {
  const publicKey = await makeKey(options.out, requireUse(use), newPassphrase(options, terminal));
  const value = { use, publicKey, keyId: keyIdOf(publicKey), file: options.out };
  print(terminal, options, {
    value,
    text: fields([
      ['public key', publicKey],
      ['file', options.out],
    ]),
  });
}

async function rotate(uses: readonly string[], options: RotateOptions, parts: VerbParts): Promise<void> {
  const own = serverUses.filter((each) => uses.includes(each));
  const { old, public: next, stolen = false } = options;
  if (own.length === uses.length) {
    if (old !== undefined || next !== undefined) {
      throw new CliError('usage', 'the server makes its new keys itself: leave out --old and --public');
    }
    await carryOut(({ server, nowMs }) => serverKeyRotation(own, { stolen, server, nowMs }), options, parts);
    return;
  }
  const [use, ...more] = uses;
  if (use === undefined || more.length > 0) throw new CliError('usage', 'only keys of the server rotate together');
  if (old === undefined || next === undefined) throw new CliError('usage', `of ${use}, say --old and --public`);
  await change({ use, add: next, remove: old }, options, parts);
}

async function change(
  edit: { readonly use: string; readonly add?: string; readonly remove?: string },
  options: HoldersOptions,
  parts: VerbParts,
): Promise<void> {
  for (const key of [edit.add, edit.remove]) {
    if (key === undefined || new RegExp(hex64Pattern).test(key)) continue;
    throw new CliError('usage', `${key} is no public key: 64 lower-case hex digits (bellwether keys list shows them)`);
  }
  const use = requireUse(edit.use);
  await carryOut(({ nowMs }) => keyChange({ ...edit, use }, nowMs), options, parts);
}

function requireUse(text: string): PeoplesUse {
  const use = peoplesUses.find((each) => each === text);
  if (use === undefined) throw new CliError('usage', `${text} is none of ${peoplesUses.join(', ')}`);
  return use;
}
