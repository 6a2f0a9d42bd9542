import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { replaceDurably } from '@bellwether/shared/files/durable-file-disk';
import { sha256 } from '@bellwether/shared/signing/digest';
import { storageError } from './blob-store-disk.js';
import { CatalogError } from './catalog-error.js';
import type { MetadataKeyPairs } from './metadata-key-ring-disk.js';
import { type FileVersion, signSnapshot, signTimestamp, verifyDelegated, verifyTopLevel } from './metadata-tuf.js';
import { readPlainFile } from './plain-file-disk.js';
import { metadataFileName, metadataMode } from './repository-layout.js';
import type { RepositoryState, StoredRole, UnsoundRole } from './repository-state.js';
import {
  decodeRoleFile,
  decodeRootFile,
  decodeSnapshotFile,
  decodeTargetsFile,
  decodeTimestampFile,
  expiresMs,
  type RootFile,
  type SnapshotFile,
} from './role-file.js';
import type { CheckedTrust } from './trust-change.js';
import { finishWriting, writeTogether } from './trust-journal-disk.js';

const timestampName = 'timestamp.json';

/** The keys that the server signs metadata with, as a root names them. Throws CatalogError `role-policy`. */
interface MetadataSigners {
  pairsFor(root: RootFile): MetadataKeyPairs;
}

/** The keys of a signing, and its time. */
interface Signer {
  readonly keys: MetadataKeyPairs;
  readonly nowMs: number;
}

/**
 * The metadata folder. Every change becomes visible at once, by the rename of timestamp.json, which is always last:
 * after a crash at any point the timestamp still names a snapshot and files that are whole.
 */
export class RepositoryFolder {
  readonly #folder: string;
  readonly #keys: MetadataSigners;
  readonly #disk: DiskFiles;
  /** Under way while timestamp.json is replaced. Whoever saw one that a power cut then takes back would refuse the next of its version. */
  #replacing: Promise<unknown> = Promise.resolve();

  constructor(folder: string, keys: MetadataSigners, disk: DiskFiles) {
    this.#disk = disk;
    this.#folder = folder;
    this.#keys = keys;
  }

  /** A metadata file's bytes; undefined when it is not there. `name` has been checked against its pattern by the caller. */
  async metadataFile(name: string): Promise<Uint8Array | undefined> {
    if (name === timestampName) await this.#replacing;
    return readPlainFile(join(this.#folder, name));
  }

  /** Reads and verifies everything from the newest root down, without judging expiry: a server that was off for a week must start, and sign anew. */
  async load(): Promise<RepositoryState> {
    try {
      await finishWriting(this.#disk, this.#folder);
      const { root, rootBytes } = await this.#newestRoot();
      const timestamp = decodeTimestampFile(await this.#read(timestampName));
      verifyTopLevel(root, timestamp);
      const snapshotMeta = timestamp.signed.meta['snapshot.json'];
      const snapshotBytes = await this.#readListed('snapshot', snapshotMeta);
      const snapshot = decodeSnapshotFile(snapshotBytes);
      verifyTopLevel(root, snapshot);
      const { targets, roles, unsound } = await this.#loadTargets(root, snapshot);
      return {
        root,
        rootSha256: sha256(rootBytes),
        targets,
        roles,
        unsound,
        snapshot: { version: snapshot.signed.version, expiresMs: expiresMs(snapshot.signed) },
        timestamp: { version: timestamp.signed.version, expiresMs: expiresMs(timestamp.signed) },
      };
    } catch (cause) {
      if (codeOf(cause) === 'EACCES') throw cause;
      throw new CatalogError(
        'repository-corrupt',
        `${this.#folder} does not hold a sound repository: ${messageOf(cause)}`,
        {
          cause,
        },
      );
    }
  }

  /** Writes the first snapshot and timestamp over the newest version of every targets file in the folder. */
  async initialise(roles: readonly string[], nowMs: number): Promise<void> {
    const files = new Map<string, FileVersion>();
    for (const role of roles) files.set(role, { version: 1, bytes: await this.#read(metadataFileName(role, 1)) });
    const keys = this.#keys.pairsFor(decodeRootFile(await this.#read(metadataFileName('root', 1))));
    await this.#publishSnapshot({ snapshot: 1, timestamp: 1 }, files, { keys, nowMs });
  }

  /** Makes a checked role the newest: its file, then a snapshot, then the timestamp. Throws CatalogError `storage`. */
  async publishRole(state: RepositoryState, name: string, role: StoredRole, nowMs: number): Promise<RepositoryState> {
    await this.#write(metadataFileName(name, role.version), role.bytes);
    return this.resignSnapshot({ ...state, roles: new Map(state.roles).set(name, role) }, nowMs);
  }

  /** Makes a checked change of trust stand: its files, a snapshot and a timestamp, together or not at all. Throws CatalogError `storage`; then `finishTrust` says which. */
  async publishTrust(state: RepositoryState, change: CheckedTrust, nowMs: number): Promise<void> {
    const { root, targets, roles, files } = change;
    const versions = { snapshot: state.snapshot.version + 1, timestamp: state.timestamp.version + 1 };
    const vouched = new Map<string, FileVersion>([['targets', targets], ...roles]);
    // The new root may name other keys for these two: they are what it vouches for first.
    const keys = this.#keys.pairsFor(root);
    const snapshot = signSnapshot(versions.snapshot, vouched, { key: keys.snapshot, nowMs });
    const named = { version: versions.snapshot, bytes: snapshot };
    const timestamp = signTimestamp(versions.timestamp, named, { key: keys.timestamp, nowMs });
    verifyTopLevel(root, decodeSnapshotFile(snapshot));
    verifyTopLevel(root, decodeTimestampFile(timestamp));
    const together = new Map([
      ...files,
      [metadataFileName('snapshot', versions.snapshot), snapshot] as const,
      [timestampName, timestamp] as const,
    ]);
    await this.#replaceTimestamp(writeTogether(this.#disk, this.#folder, together));
  }

  /** Completes a change of trust that reached its journal, and reads what stands then. Throws as `load`, and CatalogError `storage`. */
  async finishTrust(): Promise<RepositoryState> {
    await this.#replaceTimestamp(finishWriting(this.#disk, this.#folder));
    return this.load();
  }

  /** Signs a new snapshot over the same roles, and a timestamp over it. */
  async resignSnapshot(state: RepositoryState, nowMs: number): Promise<RepositoryState> {
    const next = { snapshot: state.snapshot.version + 1, timestamp: state.timestamp.version + 1 };
    const files = new Map<string, FileVersion>([['targets', state.targets], ...state.roles, ...state.unsound]);
    const keys = this.#keys.pairsFor(state.root);
    return { ...state, ...(await this.#publishSnapshot(next, files, { keys, nowMs })) };
  }

  /** Signs a new timestamp over the same snapshot. */
  async resignTimestamp(state: RepositoryState, nowMs: number): Promise<RepositoryState> {
    const { version } = state.snapshot;
    const bytes = await this.#read(metadataFileName('snapshot', version));
    const signer = { keys: this.#keys.pairsFor(state.root), nowMs };
    return { ...state, ...(await this.#publishTimestamp(state.timestamp.version + 1, { version, bytes }, signer)) };
  }

  async #publishSnapshot(
    versions: { readonly snapshot: number; readonly timestamp: number },
    files: ReadonlyMap<string, FileVersion>,
    signer: Signer,
  ): Promise<Pick<RepositoryState, 'snapshot' | 'timestamp'>> {
    const { keys, nowMs } = signer;
    const bytes = signSnapshot(versions.snapshot, files, { key: keys.snapshot, nowMs });
    await this.#write(metadataFileName('snapshot', versions.snapshot), bytes);
    const { timestamp } = await this.#publishTimestamp(
      versions.timestamp,
      { version: versions.snapshot, bytes },
      signer,
    );
    const { signed } = decodeSnapshotFile(bytes);
    return { snapshot: { version: signed.version, expiresMs: expiresMs(signed) }, timestamp };
  }

  async #publishTimestamp(
    version: number,
    snapshot: FileVersion,
    { keys, nowMs }: Signer,
  ): Promise<Pick<RepositoryState, 'timestamp'>> {
    const bytes = signTimestamp(version, snapshot, { key: keys.timestamp, nowMs });
    await this.#replaceTimestamp(this.#write(timestampName, bytes));
    return { timestamp: { version, expiresMs: expiresMs(decodeTimestampFile(bytes).signed) } };
  }

  async #newestRoot(): Promise<{ readonly root: RootFile; readonly rootBytes: Uint8Array }> {
    const versions = (await readdir(this.#folder)).flatMap((name) => {
      const version = /^([1-9][0-9]*)\.root\.json$/.exec(name)?.[1];
      return version === undefined ? [] : [Number(version)];
    });
    const rootBytes = await this.#read(metadataFileName('root', Math.max(1, ...versions)));
    const root = decodeRootFile(rootBytes);
    verifyTopLevel(root, root);
    return { root, rootBytes };
  }

  async #loadTargets(
    root: RootFile,
    snapshot: SnapshotFile,
  ): Promise<Pick<RepositoryState, 'targets' | 'roles' | 'unsound'>> {
    const read = (role: string) => this.#readListed(role, snapshot.signed.meta[`${role}.json`]);
    const bytes = await read('targets');
    const targets = decodeTargetsFile(bytes);
    verifyTopLevel(root, targets);
    const roles = new Map<string, StoredRole>();
    const unsound = new Map<string, UnsoundRole>();
    for (const { name } of targets.signed.delegations.roles) {
      const roleBytes = await read(name);
      try {
        const file = decodeRoleFile(roleBytes, name);
        verifyDelegated(targets, name, file);
        roles.set(name, { version: file.signed.version, bytes: roleBytes, file });
      } catch (error) {
        // One family's forged file must not take the server of all the others down; its devices refuse it by themselves.
        const version = snapshot.signed.meta[`${name}.json`]?.version ?? 0;
        unsound.set(name, { version, bytes: roleBytes, problem: messageOf(error) });
      }
    }
    return { targets: { version: targets.signed.version, bytes, file: targets }, roles, unsound };
  }

  async #readListed(
    role: string,
    meta: { readonly version: number; readonly hashes: { readonly sha256: string } } | undefined,
  ): Promise<Uint8Array> {
    if (meta === undefined) throw new CatalogError('repository-corrupt', `the snapshot does not list ${role}`);
    const name = metadataFileName(role, meta.version);
    const bytes = await this.#read(name);
    if (sha256(bytes) !== meta.hashes.sha256) {
      throw new CatalogError('repository-corrupt', `${name} does not have the digest that is signed for it`);
    }
    return bytes;
  }

  /** Nobody reads timestamp.json until it is on the disk for good. Throws CatalogError `storage`. */
  async #replaceTimestamp(writing: Promise<void>): Promise<void> {
    this.#replacing = writing.catch(() => {}); // the caller has the failure
    try {
      await writing;
    } catch (error) {
      throw storageError(error);
    }
  }

  #read(name: string): Promise<Uint8Array> {
    return readFile(join(this.#folder, name));
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    try {
      await replaceDurably(this.#disk, join(this.#folder, name), bytes, metadataMode);
    } catch (error) {
      throw storageError(error);
    }
  }
}
