import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Updater } from 'tuf-js';
import { DecodeError } from '@bellwether/shared/contract/decode';
import { metadataPath } from '@bellwether/shared/contract/http-api';
import { decodeOnlineKeys, type OnlineKeys, onlineKeysPath } from '@bellwether/shared/contract/online-keys';
import { messageOf } from '@bellwether/shared/errors';
import { sha256 } from '@bellwether/shared/signing/digest';
import { parseRoleName, roleMark, roleName, type Stage, stages, targetPath } from '../catalog/repository-layout.js';
import type { StoredRole } from '../catalog/repository-state.js';
import {
  decodeRoleFile,
  decodeRootFile,
  decodeSnapshotFile,
  decodeTargetsFile,
  maxRoleBytes,
  type TargetsFile,
} from '../catalog/role-file.js';
import { PublisherError } from './publisher-error.js';
import { type ReleaseServer, ServerError } from './release-server.js';
import { readTrustedFiles, type TrustedFiles, writeTrustedFiles } from './trusted-files-disk.js';
import type { TrustedFilesOfAll, TrustedRepository, TrustedRole } from './trusted-repository.js';

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
  return {
    roles: async (family) => {
      const files = await refreshed(options, (targets) => {
        refuseUndelegated(targets, family);
        return [family];
      });
      return readRoles(files, family);
    },
    all: async (server) => readAll(await refreshed(options, familiesOf), server),
  };
}

/** Fetches and verifies; what was verified is kept before it is used. */
async function refreshed(options: TrustedRepositoryOptions, wanted: WantedFamilies): Promise<TrustedFiles> {
  const rootSha256 = sha256(options.root);
  const known = await readTrustedFiles(options.trustedFile, rootSha256);
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-trusted-'));
  try {
    const before: TrustedFiles = known ?? new Map([['root.json', Buffer.from(options.root).toString()]]);
    for (const [name, text] of before) await writeFile(join(folder, name), text);
    const found = await update(folder, options.serverUrl, wanted);
    const after = new Map([...before, ...found]);
    for (const name of found.keys()) requireNewest(after, name.replace(/\.json$/, ''));
    await writeTrustedFiles(options.trustedFile, rootSha256, after);
    return after;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The families whose roles are wanted, by what targets delegates. */
type WantedFamilies = (targets: TargetsFile) => readonly string[];

/** Fetches and verifies the top-level metadata and the families' roles into the folder; answers with their files. */
async function update(folder: string, serverUrl: string, wanted: WantedFamilies): Promise<TrustedFiles> {
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
    const families = wanted(decodeTargetsFile(await readFile(join(folder, 'targets.json'))));
    // Looking for a path of the role makes the library fetch and verify the role.
    for (const family of families) {
      for (const stage of stages) await updater.getTargetInfo(targetPath(stage, { model: family, version: '0.0.0' }));
    }
    const files = new Map<string, string>();
    for (const name of ['root', 'timestamp', 'snapshot', 'targets', ...families.flatMap(familyRoles)]) {
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

function readRoles(files: TrustedFiles, family: string): Record<Stage, TrustedRole> {
  const targets = decoded(() => decodeTargetsFile(bytesOf(files, 'targets')));
  const { keys, roles } = targets.signed.delegations;
  const read = (stage: Stage): TrustedRole => {
    const name = roleName({ stage, family });
    const keyIds = roles.find((role) => role.name === name)?.keyids ?? [];
    const file = decoded(() => decodeRoleFile(bytesOf(files, name), name));
    return { file, publicKeys: keyIds.flatMap((id) => keys[id]?.keyval.public ?? []) };
  };
  return { staging: read('staging'), production: read('production') };
}

async function readAll(files: TrustedFiles, server: Pick<ReleaseServer, 'getBlob'>): Promise<TrustedFilesOfAll> {
  const rootBytes = bytesOf(files, 'root');
  const targetsBytes = bytesOf(files, 'targets');
  const targets = decoded(() => decodeTargetsFile(targetsBytes));
  const roles = familiesOf(targets)
    .flatMap(familyRoles)
    .map((name): [string, StoredRole] => {
      const bytes = bytesOf(files, name);
      const file = decoded(() => decodeRoleFile(bytes, name));
      return [name, { version: file.signed.version, bytes, file }];
    });
  return {
    root: decoded(() => decodeRootFile(rootBytes)),
    rootBytes,
    targets: { version: targets.signed.version, bytes: targetsBytes, file: targets },
    roles: new Map(roles),
    onlineKeys: await fetchOnlineKeys(targets, server),
  };
}

async function fetchOnlineKeys({ signed }: TargetsFile, server: Pick<ReleaseServer, 'getBlob'>): Promise<OnlineKeys> {
  const target = signed.targets[onlineKeysPath];
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of await server.getBlob(target?.hashes.sha256 ?? '')) {
    bytes += chunk.byteLength;
    if (bytes > (target?.length ?? 0)) break;
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  if (sha256(whole) === target?.hashes.sha256) return decoded(() => decodeOnlineKeys(whole));
  throw new PublisherError('metadata-refused', `${onlineKeysPath} is not the file that targets lists`);
}

function familiesOf({ signed }: TargetsFile): readonly string[] {
  return [...new Set(signed.delegations.roles.flatMap(({ name }) => parseRoleName(name)?.family ?? []))];
}

/** A delegated role's file must be the one of this pass, and its own: a file that the library skipped would be an old one. */
function requireNewest(files: TrustedFiles, name: string): void {
  if (parseRoleName(name) === undefined) return;
  const bytes = bytesOf(files, name);
  const { meta } = decoded(() => decodeSnapshotFile(bytesOf(files, 'snapshot'))).signed;
  const file = decoded(() => decodeRoleFile(bytes, name));
  if (meta[`${name}.json`]?.hashes.sha256 === sha256(bytes) && file.signed[roleMark] === name) return;
  throw new PublisherError('metadata-refused', `what is listed as ${name} is not that role's newest file`);
}

function bytesOf(files: TrustedFiles, name: string): Uint8Array {
  return Buffer.from(files.get(`${name}.json`) ?? '');
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new PublisherError('metadata-refused', `the repository's metadata is not as it must be: ${cause.message}`, {
      cause,
    });
  }
}

function familyRoles(family: string): string[] {
  return [roleName({ stage: 'staging', family }), roleName({ stage: 'production', family })];
}
