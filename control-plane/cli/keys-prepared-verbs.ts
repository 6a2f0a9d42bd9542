import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { messageOf } from '@bellwether/shared/errors';
import { sha256 } from '@bellwether/shared/signing/digest';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import type { KeyFile } from '@bellwether/shared/signing/key-file';
import { changeTrust, prepareTrust, publishPrepared, type SignedFiles } from '../publisher/key-change.js';
import type { TrustEdit } from '../publisher/next-files.js';
import { decodePreparedChange, filesOf, type PreparedChange, signPrepared } from '../publisher/prepared-change.js';
import { CliError } from './cli-error.js';
import { type HoldersOptions, openHolders, type RootOptions, withRoot } from './keys-signer.js';
import { type PassphraseOptions, withPassphrase } from './passphrase.js';
import { openKey } from './release-signer.js';
import { fields } from './table.js';
import { type OutputOptions, print, type VerbParts, withOutput } from './verb.js';

interface SignOptions extends OutputOptions, PassphraseOptions {
  readonly key: readonly string[];
}

/** `bellwether keys sign` and `publish`: a quorum whose keys never meet. */
export function addKeysPreparedVerbs(keys: Command, parts: VerbParts): void {
  withPassphrase(withOutput(keys.command('sign')))
    .description('add the signatures of your keys to a change that was prepared: on your machine, without a network')
    .argument('<file>', 'what --prepare wrote, and other holders may have signed')
    .requiredOption('--key <file...>', 'your private keys')
    .action((file: string, options: SignOptions) => sign(file, options, parts));
  withRoot(keys.command('publish'))
    .description('publish a prepared change that enough holders have signed')
    .argument('<file>', 'the signed change')
    .action((file: string, options: RootOptions) => publish(file, options, parts));
}

/** Signs and publishes a change, or with `--prepare` writes it down for other holders. */
export async function carryOut(
  edit: (signer: Awaited<ReturnType<typeof openHolders>>) => TrustEdit | Promise<TrustEdit>,
  options: HoldersOptions,
  parts: VerbParts,
): Promise<void> {
  const { prepare, key = [] } = options;
  if (prepare === undefined && key.length === 0) {
    throw new CliError('usage', 'say --key with the keys that sign, or --prepare FILE for holders elsewhere');
  }
  const signer = await openHolders(options, parts);
  if (prepare === undefined) return sayPublished(await changeTrust(await edit(signer), signer), options, parts);
  const change = await prepareTrust(await edit(signer), signer);
  await writeFile(prepare, textOf(change), { flag: 'wx' });
  sayPrepared(prepare, change, { options, parts });
}

async function sign(path: string, options: SignOptions, parts: VerbParts): Promise<void> {
  const change = await readChange(path);
  const keys: KeyFile[] = [];
  // One after the other: each may ask for its passphrase.
  for (const each of options.key) keys.push(await openKey(each, options, parts.terminal));
  const signed = signPrepared(change, keys);
  await writeFile(path, textOf(signed));
  sayPrepared(path, signed, { options, parts });
}

async function publish(path: string, options: RootOptions, parts: VerbParts): Promise<void> {
  const change = await readChange(path);
  sayPublished(await publishPrepared(change, await openHolders(options, parts)), options, parts);
}

async function readChange(path: string): Promise<PreparedChange> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new CliError('file', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
  return decodePreparedChange(bytes, path);
}

function textOf(change: PreparedChange): string {
  return `${JSON.stringify(change, null, 2)}\n`;
}

function sayPublished(signed: SignedFiles, options: OutputOptions, { terminal }: VerbParts): void {
  const rows = Object.entries(signed).map(([role, version]): [string, string] => [role, `version ${version}`]);
  print(terminal, options, { value: { signed }, text: `Signed and published in one snapshot:\n${fields(rows)}` });
}

/** What would be signed, so that a holder can hold it against what he was told: who may sign what from then on. */
function sayPrepared(
  file: string,
  change: PreparedChange,
  { options, parts }: { readonly options: OutputOptions; readonly parts: VerbParts },
): void {
  const files = filesOf(change).map(([role, { signed, signatures, holders }]) => ({
    role,
    version: signed.version,
    expires: signed.expires,
    sha256: sha256(Buffer.from(JSON.stringify(signed))),
    maySign: mayThenSign(signed),
    signedBy: holders.filter((key) => signatures.some(({ keyid }) => keyid === keyIdOf(key))),
    mayStillSign: holders.filter((key) => !signatures.some(({ keyid }) => keyid === keyIdOf(key))),
  }));
  const text = files.map((each) =>
    [
      `${each.role} version ${each.version}, until ${each.expires}, SHA-256 ${each.sha256}`,
      ...Object.entries(each.maySign).map(([role, who]) => `  from then on ${role} is signed by ${who}`),
      ...each.signedBy.map((key) => `  signed by ${key}`),
      ...each.mayStillSign.map((key) => `  may sign: ${key}`),
    ].join('\n'),
  );
  const next = `Holders add their signatures with: bellwether keys sign ${file} --key …; then: bellwether keys publish ${file}`;
  print(parts.terminal, options, { value: { file, files }, text: [...text, next].join('\n') });
}

type Signed = ReturnType<typeof filesOf>[number][1]['signed'];

/** `2 of key, key, key` for every role that a file speaks of. */
function mayThenSign(signed: Signed): Readonly<Record<string, string>> {
  const said = (
    keys: Readonly<Record<string, { keyval: { public: string } }>>,
    role: { threshold: number; keyids: readonly string[] },
  ) => `${role.threshold} of ${role.keyids.map((id) => keys[id]?.keyval.public ?? id).join(', ')}`;
  if (signed._type === 'root') {
    return Object.fromEntries(Object.entries(signed.roles).map(([name, role]) => [name, said(signed.keys, role)]));
  }
  const { delegations } = signed;
  if (delegations === undefined) return {};
  return Object.fromEntries(delegations.roles.map((role) => [role.name, said(delegations.keys, role)]));
}
