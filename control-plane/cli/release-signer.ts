import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { DecodeError } from '@bellwether/shared/contract/decode';
import { CodedError, codeOf, messageOf } from '@bellwether/shared/errors';
import type { KeyFile } from '@bellwether/shared/signing/key-file';
import { openKeyFile } from '../publisher/key-file-disk.js';
import type { Signer } from '../publisher/list-release.js';
import { PublisherError } from '../publisher/publisher-error.js';
import { openTrustedRepository } from '../publisher/trusted-repository-tuf.js';
import { CliError } from './cli-error.js';
import { knownPassphrase, type PassphraseOptions, withPassphrase } from './passphrase.js';
import type { Terminal } from './terminal.js';
import { connect, type ServerOptions, serverUrl, type VerbParts, withServer } from './verb.js';

/** Options of every verb that signs with one key. */
export interface SigningOptions extends ServerOptions, PassphraseOptions {
  readonly key: string;
  readonly root?: string;
}

/** Adds `--key` and `--root`. */
export function withSigning(command: Command): Command {
  return withPassphrase(withServer(command))
    .requiredOption('--key <file>', 'the private key; it never leaves this machine')
    .option('--root <file>', 'the root that devices pin (default: root.json beside the key)');
}

/** Opens the key, and a TUF client whose floors lie beside it [T-13]. Throws CliError, PublisherError or ServerError. */
export async function openSigner(options: SigningOptions, { terminal, clock }: VerbParts): Promise<Signer> {
  const key = await openKey(options.key, options, terminal);
  const trustedFile = `${options.key.replace(/\.key$/, '')}.trusted.json`;
  const root = await readRoot(options.root ?? join(dirname(options.key), 'root.json'));
  const server = await connect(options);
  return {
    key,
    repository: openTrustedRepository({ serverUrl: serverUrl(options), root, trustedFile }),
    server,
    nowMs: clock.now().wallMs,
  };
}

/** Opens a private key, asking for its passphrase when it is sealed. Throws CliError `file` or PublisherError `passphrase`. */
export async function openKey(path: string, options: PassphraseOptions, terminal: Terminal): Promise<KeyFile> {
  return openKeyFile(path, knownPassphrase(options, terminal)).catch((cause: unknown) => {
    if (cause instanceof CodedError && !(cause instanceof DecodeError)) throw cause;
    throw new CliError('file', messageOf(cause), { cause });
  });
}

/** The root that devices pin. Throws PublisherError `root-missing`. */
export async function readRoot(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause;
    throw new PublisherError('root-missing', `there is no root file ${path}`, { cause });
  }
}
