import type { OpenedCatalog } from '@bellwether/control-plane/catalog/catalog-disk';
import type { Stage } from '@bellwether/control-plane/catalog/repository-layout';
import type { RootFile, Target, TargetsFile } from '@bellwether/control-plane/catalog/role-file';
import type { SetKeys } from '@bellwether/control-plane/publisher/first-metadata';
import { editRoot, editTargets, renewed, withSuccessors } from '@bellwether/control-plane/publisher/key-edit';
import { signRoot, signTargets } from '@bellwether/control-plane/publisher/metadata-signing';
import { decodeOnlineKeys, onlineKeysPath } from '@bellwether/shared/contract/online-keys';
import { sha256 } from '@bellwether/shared/signing/digest';
import { generateKeyPair, type KeyPair } from '@bellwether/shared/signing/key-pair';
import type { firstTrust } from './first-trust.js';
import { blobRelease, roleOf, streamOf } from './signed-roles.js';

/** Versions of the files that people sign. */
export type SignedVersions = Readonly<Record<'root' | 'targets' | 'staging-digits' | 'production-digits', number>>;

/** The people of a production set of the family `digits`: each act signs the next file, and a server publishes it. */
export class ServerCutPeople {
  readonly #keys: SetKeys;
  readonly #nowMs: number;
  readonly #listed: Record<Stage, Record<string, Target>> = { staging: {}, production: {} };
  readonly #versions = { staging: 1, production: 1 };
  #publisher: KeyPair;
  #targets: TargetsFile['signed'];
  #root: RootFile['signed'];
  #onlineKeys: Uint8Array;

  constructor(trust: ReturnType<typeof firstTrust>) {
    this.#keys = trust.keys;
    this.#nowMs = trust.base.nowMs;
    this.#publisher = keyOf(trust.keys.publisher, 0);
    this.#targets = trust.base.targets.file.signed;
    this.#root = trust.base.root.signed;
    this.#onlineKeys = trust.onlineKeys;
  }

  get versions(): SignedVersions {
    return {
      root: this.#root.version,
      targets: this.#targets.version,
      'staging-digits': this.#versions.staging,
      'production-digits': this.#versions.production,
    };
  }

  /** The publisher that nothing takes back: who signs after a restart. */
  get lastingPublisher(): KeyPair {
    return keyOf(this.#keys.publisher, 1);
  }

  /** Lists a release in a stage: its blobs, then the role. */
  async list(catalog: OpenedCatalog, stage: Stage, version: string): Promise<void> {
    const release = blobRelease(version);
    for (const [digest, bytes] of release.blobs) await catalog.storeBlob(digest, streamOf(bytes, 100));
    this.#listed[stage][version] = release.target;
    await catalog.publishRole(`${stage}-digits`, this.#next(stage));
  }

  /** One publisher is revoked; the other signs staging anew. */
  async revoke(catalog: OpenedCatalog): Promise<void> {
    const targets = editTargets(
      { signed: this.#targets, signatures: [] },
      { use: 'publisher', remove: this.#publisher.publicKey },
      this.#nowMs,
    );
    if (targets === undefined) throw new TypeError('a publisher is in targets');
    this.#targets = targets;
    this.#publisher = this.lastingPublisher;
    const roles = new Map([['staging-digits', this.#next('staging')]]);
    await catalog.changeTrust({ targets: signTargets(targets, this.#keys.targets.slice(0, 2)), roles });
  }

  /** keys/online.json names the key that the server has prepared; after a theft under a higher epoch. */
  async rotateDirector(catalog: OpenedCatalog, stolen: boolean): Promise<void> {
    const successor = await catalog.prepareOnlineKey('director');
    const next = withSuccessors(decodeOnlineKeys(this.#onlineKeys), new Map([['director', successor]]), stolen);
    this.#onlineKeys = Buffer.from(JSON.stringify(next));
    const digest = sha256(this.#onlineKeys);
    await catalog.storeBlob(digest, streamOf(this.#onlineKeys, 100));
    const target = { length: this.#onlineKeys.byteLength, hashes: { sha256: digest } };
    this.#targets = { ...renewed(this.#targets, 365, this.#nowMs), targets: { [onlineKeysPath]: target } };
    const targets = signTargets(this.#targets, this.#keys.targets.slice(0, 2));
    await catalog.changeTrust({ targets, roles: new Map() });
  }

  /** Another person holds one of the root keys. */
  async rotateRoot(catalog: OpenedCatalog): Promise<void> {
    const next = generateKeyPair();
    const remove = keyOf(this.#keys.root, 0).publicKey;
    const root = editRoot(
      { signed: this.#root, signatures: [] },
      { use: 'root', add: next.publicKey, remove },
      this.#nowMs,
    );
    if (root === undefined) throw new TypeError('a root key is in root');
    this.#root = root;
    await catalog.changeTrust({ root: signRoot(root, this.#keys.root.slice(1)), roles: new Map() });
  }

  #next(stage: Stage): Uint8Array {
    this.#versions[stage]++;
    const key = stage === 'staging' ? this.#publisher : keyOf(this.#keys.approver, 0);
    return signTargets(roleOf(stage, this.#versions[stage], this.#listed[stage]), [key]);
  }
}

function keyOf(keys: readonly KeyPair[], index: number): KeyPair {
  const key = keys[index];
  if (key === undefined) throw new TypeError(`there is no key ${index}`);
  return key;
}
