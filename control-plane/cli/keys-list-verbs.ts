import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { sha256 } from '@bellwether/shared/signing/digest';
import { type KeyListing, type ListedKey, listKeys } from '../publisher/key-list.js';
import { CliError } from './cli-error.js';
import { type RootOptions, readRepository, withRoot } from './keys-signer.js';
import { fields, table } from './table.js';
import { print, type VerbParts } from './verb.js';

interface ExportOptions extends RootOptions {
  readonly out: string;
}

/** The verbs of `bellwether keys` that look, verified from the pinned root down. */
export function addKeysListVerbs(keys: Command, parts: VerbParts): void {
  withRoot(keys.command('list'))
    .description('list the keys that may sign, what they have signed, and when it expires')
    .action(async (options: RootOptions) => {
      const listing = await read(options);
      print(parts.terminal, options, { value: listing, text: listText(listing) });
    });
  withRoot(keys.command('show'))
    .description('show one key')
    .argument('<key>', 'its id or public key, or the beginning of one')
    .action(async (text: string, options: RootOptions) => {
      const listing = await read(options);
      const key = find(listing, text);
      print(parts.terminal, options, { value: key, text: keyText(key, listing) });
    });
  const root = keys.command('root').description('the root that everything is verified from');
  withRoot(root.command('export'))
    .description('write the newest root, verified from the one that is pinned: for the images of new devices')
    .requiredOption('--out <file>', 'a new file')
    .action((options: ExportOptions) => exportRoot(options, parts));
}

async function read(options: RootOptions): Promise<KeyListing> {
  const all = await readRepository(options);
  return listKeys(all, all.onlineKeys);
}

async function exportRoot(options: ExportOptions, { terminal }: VerbParts): Promise<void> {
  const { root, rootBytes } = await readRepository(options);
  await writeFile(options.out, rootBytes, { flag: 'wx' });
  const value = { version: root.signed.version, sha256: sha256(rootBytes), file: options.out };
  print(terminal, options, {
    value,
    text: fields([
      ['root', `version ${value.version}`],
      ['SHA-256', value.sha256],
      ['file', value.file],
    ]),
  });
}

function find({ keys }: KeyListing, text: string): ListedKey {
  const [key, ...more] = keys.filter(({ keyId, publicKey }) => keyId.startsWith(text) || publicKey.startsWith(text));
  if (key !== undefined && more.length === 0) return key;
  throw new CliError('key-unknown', key === undefined ? `there is no key ${text}` : `several keys begin with ${text}`);
}

function listText({ development, keys, files }: KeyListing): string {
  const rows = keys.map((key) => [key.publicKey, key.roles.join(', '), key.signed.join(', ') || '–']);
  const lives = files.map(({ role, version, expires }) => [role, String(version), expires]);
  return [
    ...(development ? ['A development set: devices take it only where they are told to.', ''] : []),
    table(['public key', 'may sign', 'has signed'], rows),
    '',
    table(['file', 'version', 'expires'], lives),
  ].join('\n');
}

function keyText({ keyId, publicKey, roles, signed }: ListedKey, { development }: KeyListing): string {
  return fields([
    ['public key', publicKey],
    ['id', keyId],
    ['may sign', roles.join(', ')],
    ['has signed', signed.join(', ') || '–'],
    ['development', development ? 'yes' : 'no'],
  ]);
}
