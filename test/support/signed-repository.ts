import { createHash, generateKeyPairSync } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalize } from '@tufjs/canonical-json';
import { familyOf } from '@bellwether/shared/ids';
import { signEd25519 } from '@bellwether/shared/signing/ed25519';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';

/**
 * A TUF repository that really signs, made apart from the product's publisher: canonical JSON by @tufjs, Ed25519 by
 * node:crypto, documents written out by hand. Every document and every list of signers can be edited before it is
 * published, so that an attack is an edit.
 */

/** A TUF key, as it stands in root and delegations. */
interface TufKey {
  keytype: string;
  scheme: string;
  keyval: { public: string };
}
interface Role {
  keyids: string[];
  threshold: number;
}
interface Signed {
  spec_version: string;
  version: number;
  expires: string;
  [field: string]: unknown;
}
export interface RootSigned extends Signed {
  _type: 'root';
  consistent_snapshot: boolean;
  keys: Record<string, TufKey>;
  roles: Record<'root' | 'targets' | 'snapshot' | 'timestamp', Role>;
}
export interface Target {
  length: number;
  hashes: { sha256: string };
  custom?: { withdrawn: string };
}
interface Delegations {
  keys: Record<string, TufKey>;
  roles: (Role & { name: string; terminating: boolean; paths: string[] })[];
}
export interface TargetsSigned extends Signed {
  _type: 'targets';
  targets: Record<string, Target>;
  delegations?: Delegations;
}
interface MetaFile {
  version: number;
  length?: number;
  hashes?: { sha256: string };
}
interface MetaSigned extends Signed {
  meta: Record<string, MetaFile>;
}

/** A key that signs, under its own id and with its own signature (hex) unless an attack says another. */
type Signer = KeyPair & { readonly keyid?: string; readonly signature?: string };

/** A document before it is signed, and who will sign it. Edit both, then publish. */
export interface Draft<T extends Signed> {
  signed: T;
  signers: Signer[];
}

export interface RepositoryKeys {
  root: KeyPair[];
  targets: KeyPair[];
  snapshot: KeyPair;
  timestamp: KeyPair;
  director: KeyPair;
  time: KeyPair;
  /** One for all families. */
  publisher: KeyPair;
  approver: KeyPair;
}

export interface RepositoryOptions {
  /** Marks the root `development`, with thresholds of 1. Otherwise root and targets are 2 of 3. */
  readonly development?: boolean;
  /** Of everything; 2099 by default. */
  readonly expires?: string;
  /** Makes each key; from dice by default. */
  readonly makeKey?: () => KeyPair;
}

export interface NewRelease {
  readonly model: string;
  readonly version: string;
  readonly manifest: Uint8Array;
  readonly files?: Iterable<Uint8Array>;
  /** Where it is listed; both by default. */
  readonly staging?: boolean;
  readonly production?: boolean;
}

export class SignedRepository {
  readonly folder: string;
  readonly keys: RepositoryKeys;
  readonly root: Draft<RootSigned>;
  readonly targets: Draft<TargetsSigned>;
  readonly snapshot: Draft<MetaSigned>;
  readonly timestamp: Draft<MetaSigned>;
  readonly leaves: ReadonlyMap<string, Draft<TargetsSigned>>;
  /** The exact bytes published last, by file name without version. */
  readonly published = new Map<string, Uint8Array>();
  /** Every root, by its version. */
  readonly roots = new Map<number, Uint8Array>();

  /** Makes a repository below `folder` (`repository/metadata`, `blobs/sha256`) and publishes it. */
  static async create(folder: string, families: readonly string[], options: RepositoryOptions = {}) {
    const repository = new SignedRepository(folder, families, options);
    await mkdir(join(folder, 'repository', 'metadata'), { recursive: true });
    await mkdir(join(folder, 'blobs', 'sha256'), { recursive: true });
    await repository.setOnlineKeys(1);
    await repository.writeRole('root', repository.root);
    await repository.writeRole('targets', repository.targets);
    for (const [name, leaf] of repository.leaves) await repository.writeRole(name, leaf);
    await repository.writeRole('snapshot', repository.snapshot);
    await repository.writeTimestamp();
    return repository;
  }

  private constructor(
    folder: string,
    families: readonly string[],
    { development = false, expires, makeKey = newKeyPair }: RepositoryOptions,
  ) {
    this.folder = folder;
    const several = development ? 1 : 3;
    const make = makeKey;
    this.keys = {
      root: Array.from({ length: several }, make),
      targets: Array.from({ length: several }, make),
      snapshot: make(),
      timestamp: make(),
      director: make(),
      time: make(),
      publisher: make(),
      approver: make(),
    };
    const { keys } = this;
    const threshold = development ? 1 : 2;
    const common = { spec_version: '1.0.31', version: 1, expires: expires ?? '2099-01-01T00:00:00Z' };
    this.root = {
      signed: {
        _type: 'root',
        ...common,
        consistent_snapshot: true,
        keys: tufKeys([...keys.root, ...keys.targets, keys.snapshot, keys.timestamp]),
        roles: {
          root: roleOf(keys.root, threshold),
          targets: roleOf(keys.targets, threshold),
          snapshot: roleOf([keys.snapshot]),
          timestamp: roleOf([keys.timestamp]),
        },
        ...(development ? { 'x-bw-development': true } : {}),
      },
      signers: keys.root.slice(0, threshold),
    };
    const stages = [
      ['staging', keys.publisher],
      ['production', keys.approver],
    ] as const;
    this.targets = {
      signed: {
        _type: 'targets',
        ...common,
        'x-bw-role': 'targets',
        targets: {},
        delegations: {
          keys: tufKeys([keys.publisher, keys.approver]),
          roles: families.flatMap((family) =>
            stages.map(([stage, key]) => ({
              name: `${stage}-${family}`,
              ...roleOf([key]),
              terminating: true,
              paths: [`${stage}/${family}/*/manifest.json`, `${stage}/${family}-*/*/manifest.json`],
            })),
          ),
        },
      },
      signers: keys.targets.slice(0, threshold),
    };
    this.leaves = new Map(
      families.flatMap((family) =>
        stages.map(([stage, key]) => {
          const name = `${stage}-${family}`;
          const signed: TargetsSigned = { _type: 'targets', ...common, 'x-bw-role': name, targets: {} };
          return [name, { signed, signers: [key] }] as const;
        }),
      ),
    );
    this.snapshot = { signed: { _type: 'snapshot', ...common, meta: {} }, signers: [keys.snapshot] };
    this.timestamp = { signed: { _type: 'timestamp', ...common, meta: {} }, signers: [keys.timestamp] };
  }

  /** The same repository as it stands, in another folder: edits of one do not reach the other. */
  async copyTo(folder: string): Promise<SignedRepository> {
    await cp(this.folder, folder, { recursive: true });
    const { keys, root, targets, snapshot, timestamp, leaves, published, roots } = this;
    const state = structuredClone({ keys, root, targets, snapshot, timestamp, leaves, published, roots });
    return Object.assign(new SignedRepository(folder, [], {}), state);
  }

  /** What devices pin. */
  get rootSha256(): string {
    return digestOf(this.roots.get(1) ?? new Uint8Array());
  }

  get rootFile(): string {
    return this.metadataFile('1.root.json');
  }

  metadataFile(name: string): string {
    return join(this.folder, 'repository', 'metadata', name);
  }

  /** The draft of a delegated role: `staging-digits`. */
  leaf(name: string): Draft<TargetsSigned> {
    const leaf = this.leaves.get(name);
    if (leaf === undefined) throw new Error(`this repository has no role ${name}`);
    return leaf;
  }

  /** The draft's delegation of a role, in targets. */
  delegation(name: string): Delegations['roles'][number] {
    const role = this.targets.signed.delegations?.roles.find((each) => each.name === name);
    if (role === undefined) throw new Error(`this repository delegates nothing to ${name}`);
    return role;
  }

  /** Publishes the named roles in a next version, and a next snapshot and timestamp over them. No names: only these two. */
  async publish(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const draft = name === 'root' ? this.root : name === 'targets' ? this.targets : this.leaf(name);
      draft.signed.version++;
      await this.writeRole(name, draft);
    }
    this.snapshot.signed.version++;
    await this.writeRole('snapshot', this.snapshot);
    this.timestamp.signed.version++;
    await this.writeTimestamp();
  }

  /** Puts a release's bytes in place and lists its manifest; then publishes the roles that list it. */
  async addRelease({ model, version, manifest, files = [], staging = true, production = true }: NewRelease) {
    for (const bytes of [manifest, ...files]) await this.putBlob(bytes);
    const stages = [staging ? ['staging'] : [], production ? ['production'] : []].flat();
    for (const stage of stages) {
      this.leaf(`${stage}-${familyOf(model)}`).signed.targets[`${stage}/${model}/${version}/manifest.json`] =
        targetOf(manifest);
    }
    await this.publish(...stages.map((stage) => `${stage}-${familyOf(model)}`));
  }

  /** Other keys of snapshot and timestamp in the draft of root, which sign from now on. */
  replaceOnlineKeys(): void {
    const keys = { timestamp: newKeyPair(), snapshot: newKeyPair() };
    const { signed } = this.root;
    Object.assign(signed.keys, tufKeys(Object.values(keys)));
    signed.roles.timestamp = roleOf([keys.timestamp]);
    signed.roles.snapshot = roleOf([keys.snapshot]);
    this.timestamp.signers = [keys.timestamp];
    this.snapshot.signers = [keys.snapshot];
  }

  /** Replaces keys/online.json in the draft of targets. */
  async setOnlineKeys(epoch: number, directors: readonly KeyPair[] = [this.keys.director]): Promise<void> {
    const keys = [
      ...directors.map((key) => ({ keyid: keyIdOf(key), public: key.publicKey, use: 'director' })),
      { keyid: keyIdOf(this.keys.time), public: this.keys.time.publicKey, use: 'time' },
    ];
    const bytes = Buffer.from(JSON.stringify({ schema: 'bellwether.online-keys.v1', epoch, keys }));
    await this.putBlob(bytes);
    this.targets.signed.targets['keys/online.json'] = targetOf(bytes);
  }

  /** Puts bytes where devices fetch them by digest; returns the digest. */
  async putBlob(bytes: Uint8Array): Promise<string> {
    const digest = digestOf(bytes);
    await writeFile(join(this.folder, 'blobs', 'sha256', digest), bytes);
    return digest;
  }

  /** Signs a draft and writes its file in the version that it says, without telling anybody. */
  async writeRole(name: string, draft: Draft<Signed>): Promise<void> {
    const bytes = signedBytes(draft);
    const { version } = draft.signed;
    await writeFile(this.metadataFile(`${version}.${name}.json`), bytes);
    this.published.set(name, bytes);
    if (name === 'root') this.roots.set(version, bytes);
    else if (name === 'snapshot') this.timestamp.signed.meta = { 'snapshot.json': metaOf(version, bytes) };
    else this.snapshot.signed.meta[`${name}.json`] = metaOf(version, bytes);
  }

  async writeTimestamp(): Promise<void> {
    const bytes = signedBytes(this.timestamp);
    await writeFile(this.metadataFile('timestamp.json'), bytes);
    this.published.set('timestamp', bytes);
  }
}

/** The keys of root or delegations, by id. */
export function tufKeys(keys: readonly KeyPair[]): Record<string, TufKey> {
  return Object.fromEntries(keys.map((key) => [keyIdOf(key), tufKey(key)]));
}

/** A role that these keys sign. */
export function roleOf(keys: readonly KeyPair[], threshold = 1): Role {
  return { keyids: keys.map(keyIdOf), threshold };
}

/** The id of a key: SHA-256 of its canonical form. */
export function keyIdOf(key: KeyPair): string {
  return digestOf(Buffer.from(canonicalize(tufKey(key))));
}

/** How a role lists these bytes. */
export function targetOf(bytes: Uint8Array): Target {
  return { length: bytes.byteLength, hashes: { sha256: digestOf(bytes) } };
}

/** A signed file, as it is published. */
export function signedBytes({ signed, signers }: Draft<Signed>): Uint8Array {
  const message = Buffer.from(canonicalize(signed));
  const signatures = signers.map((key) => ({
    keyid: key.keyid ?? keyIdOf(key),
    sig: key.signature ?? Buffer.from(signEd25519(key.seed, message)).toString('hex'),
  }));
  return Buffer.from(JSON.stringify({ signed, signatures }));
}

/** A new key; node makes it in a fraction of tweetnacl's time. */
export function newKeyPair(): KeyPair {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { publicKey: Buffer.from(x, 'base64url').toString('hex'), seed: Buffer.from(d, 'base64url').toString('hex') };
}

function tufKey({ publicKey }: KeyPair): TufKey {
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: publicKey } };
}

/** How a snapshot names a file. */
export function metaOf(version: number, bytes: Uint8Array): MetaFile {
  return { version, length: bytes.byteLength, hashes: { sha256: digestOf(bytes) } };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
