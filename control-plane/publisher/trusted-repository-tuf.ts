import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Updater } from 'tuf-js';
import { DecodeError } from '@bellwether/shared/contract/decode';
import { metadataPath } from '@bellwether/shared/contract/http-api';
import { messageOf } from '@bellwether/shared/errors';
import { sha256 } from '@bellwether/shared/signing/digest';
import { roleMark, roleName, type Stage, targetPath } from '../catalog/repository-layout.js';
import {
  decodeRoleFile,
  decodeSnapshotFile,
  decodeTargetsFile,
  maxRoleBytes,
  type SnapshotFile,
  type TargetsFile,
} from '../catalog/role-file.js';
import { PublisherError } from './publisher-error.js';
import { ServerError } from './release-server.js';
import { readTrustedFiles, type TrustedFiles, writeTrustedFiles } from './trusted-files-disk.js';
import type { TrustedRepository, TrustedRole } from './trusted-repository.js';

/** Where a TUF client of one's own finds things. */
interface TrustedRepositoryOptions {
  readonly serverUrl: string;
  /** The pinned root, as bytes. */
  readonly root: Uint8Array;
  /** The file that keeps what was believed last, floors with it; made on first use. */
  readonly trustedFile: string;
}

/**
 * A TUF client with floors of its own [T-13], by tuf-js. The library writes its files one by one and drops torn ones
 * silently, floors with them, so it works on a copy in a temporary folder, and what it has verified is kept in one file.
 */
export function openTrustedRepository(options: TrustedRepositoryOptions): TrustedRepository {
  return { roles: (family) => refreshedRoles(options, family) };
}

async function refreshedRoles(options: TrustedRepositoryOptions, family: string): Promise<Record<Stage, TrustedRole>> {
  const rootSha256 = sha256(options.root);
  const known = await readTrustedFiles(options.trustedFile, rootSha256);
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-trusted-'));
  try {
    const before: TrustedFiles = known ?? new Map([['root.json', Buffer.from(options.root).toString()]]);
    for (const [name, text] of before) await writeFile(join(folder, name), text);
    const after = new Map([...before, ...(await update(folder, options.serverUrl, family))]);
    const roles = readRoles(after, family);
    await writeTrustedFiles(options.trustedFile, rootSha256, after);
    return roles;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Fetches and verifies the top-level metadata and the family's two roles into the folder; answers with their files. */
async function update(folder: string, serverUrl: string, family: string): Promise<TrustedFiles> {
  try {
    const updater = new Updater({
      metadataDir: folder,
      metadataBaseUrl: `${serverUrl}${metadataPath}`,
      config: {
        rootMaxLength: 64 * 1024,
        timestampMaxLength: 4 * 1024,
        snapshotMaxLength: maxRoleBytes,
        targetsMaxLength: maxRoleBytes,
        maxDelegations: 1, // a path is looked up in its one named role [T-2]
        fetchTimeout: 30_000,
        fetchRetry: false,
      },
    });
    await updater.refresh();
    refuseUndelegated(decodeTargetsFile(await readFile(join(folder, 'targets.json'))), family);
    // Looking for a path of the role makes the library fetch and verify the role.
    for (const stage of ['staging', 'production'] as const) {
      await updater.getTargetInfo(targetPath(stage, { model: family, version: '0.0.0' }));
    }
    const files = new Map<string, string>();
    for (const name of ['root', 'timestamp', 'snapshot', 'targets', ...familyRoles(family)]) {
      files.set(`${name}.json`, await readFile(join(folder, `${name}.json`), 'utf8'));
    }
    return files;
  } catch (cause) {
    if (cause instanceof PublisherError) throw cause;
    if (cause instanceof TypeError && cause.message === 'fetch failed') {
      throw new ServerError('network', `${serverUrl} cannot be reached: ${messageOf(cause.cause)}`, { cause });
    }
    throw new PublisherError(
      'metadata-refused',
      `the repository at ${serverUrl} is not believed: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function refuseUndelegated(targets: TargetsFile, family: string): void {
  const missing = familyRoles(family).find((name) => !targets.signed.delegations.roles.some((r) => r.name === name));
  if (missing === undefined) return;
  throw new PublisherError(
    'not-delegated',
    `the repository has no role ${missing}: the root's keeper adds the family ${family}`,
  );
}

/** Reads the verified roles, and makes sure that they are the ones of this pass: a file that the library skipped would be an old one. */
function readRoles(files: TrustedFiles, family: string): Record<Stage, TrustedRole> {
  try {
    const bytesOf = (name: string) => Buffer.from(files.get(`${name}.json`) ?? '');
    const snapshot = decodeSnapshotFile(bytesOf('snapshot'));
    const targets = decodeTargetsFile(bytesOf('targets'));
    const read = (stage: Stage) => {
      const name = roleName({ stage, family });
      return readRole(bytesOf(name), name, { snapshot, targets });
    };
    return { staging: read('staging'), production: read('production') };
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new PublisherError(
      'metadata-refused',
      `the repository's metadata is not as it must be: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function readRole(
  bytes: Uint8Array,
  name: string,
  { snapshot, targets }: { readonly snapshot: SnapshotFile; readonly targets: TargetsFile },
): TrustedRole {
  const file = decodeRoleFile(bytes, name);
  if (snapshot.signed.meta[`${name}.json`]?.hashes.sha256 !== sha256(bytes) || file.signed[roleMark] !== name) {
    throw new PublisherError('metadata-refused', `what is listed as ${name} is not that role's newest file`);
  }
  const { keys, roles } = targets.signed.delegations;
  const keyIds = roles.find((role) => role.name === name)?.keyids ?? [];
  return { file, publicKeys: keyIds.flatMap((id) => keys[id]?.keyval.public ?? []) };
}

function familyRoles(family: string): string[] {
  return [roleName({ stage: 'staging', family }), roleName({ stage: 'production', family })];
}
