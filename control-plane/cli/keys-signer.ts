import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { verifyDelegated, verifyTopLevel } from '../catalog/metadata-tuf.js';
import type { TrustSigner } from '../publisher/key-change.js';
import type { TrustedFilesOfAll, TrustedRepository } from '../publisher/trusted-repository.js';
import { openTrustedRepository } from '../publisher/trusted-repository-tuf.js';
import { type PassphraseOptions, withPassphrase } from './passphrase.js';
import { openKey, readRoot } from './release-signer.js';
import { connect, type ServerOptions, serverUrl, type VerbParts, withServer } from './verb.js';

/** Options of every verb that reads the repository from its root down. */
export interface RootOptions extends ServerOptions {
  readonly root?: string;
}

/** Options of every verb that signs with the keys of several holders. */
export interface HoldersOptions extends RootOptions, PassphraseOptions {
  readonly key?: readonly string[];
  readonly prepare?: string;
}

/** Adds `--root`. */
export function withRoot(command: Command): Command {
  return withServer(command).option(
    '--root <file>',
    'the root that devices pin (default: root.json here, or beside the first key, or in the folder above it)',
  );
}

/** Adds `--key`, which may be given several times, and `--root`. */
export function withHolders(command: Command): Command {
  return withPassphrase(withRoot(command))
    .option(
      '--key <file...>',
      'the private keys that sign: any 2 of root or of targets, and of a role that is signed anew one that stays',
    )
    .option('--prepare <file>', 'publish nothing: write the change to a new file that its holders sign (keys sign)');
}

/** A TUF client whose floors lie beside the root [T-13]. Throws PublisherError `root-missing`, CliError or ServerError. */
async function openRepository(options: RootOptions, keys: readonly string[] = []): Promise<TrustedRepository> {
  const [first = '.'] = keys;
  const beside = [join('.', 'root.json'), join(dirname(first), 'root.json'), join(dirname(first), '..', 'root.json')];
  const path = options.root ?? beside.find((each) => existsSync(each)) ?? 'root.json';
  return openTrustedRepository({
    serverUrl: serverUrl(options),
    root: await readRoot(path),
    trustedFile: path.replace(/(\.json)?$/, '.trusted.json'),
  });
}

/** Everything that the repository says, verified. Throws as openRepository does, and PublisherError or ServerError. */
export async function readRepository(options: RootOptions): Promise<TrustedFilesOfAll> {
  return (await openRepository(options)).all(await connect(options));
}

/** Opens every key, and the repository. */
export async function openHolders(options: HoldersOptions, { terminal, clock }: VerbParts): Promise<TrustSigner> {
  const { key: paths = [] } = options;
  const repository = await openRepository(options, paths);
  const keys = [];
  // One after the other: each may ask for its passphrase.
  for (const path of paths) keys.push(await openKey(path, options, terminal));
  const verify = { topLevel: verifyTopLevel, delegated: verifyDelegated };
  return { keys, repository, server: await connect(options), nowMs: clock.now().wallMs, verify };
}
