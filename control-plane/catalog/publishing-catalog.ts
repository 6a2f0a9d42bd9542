import { onlineKeysPath } from '@bellwether/shared/contract/online-keys';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import type { Manifest } from '@bellwether/shared/models/manifest';
import type { ArtefactStore, Catalog, CatalogRelease, OpenBlob } from './catalog.js';
import { CatalogError } from './catalog-error.js';
import type { CatalogParts } from './catalog-parts.js';
import { type ExpiringFile, expiringFiles } from './expiring.js';
import type { Collected, Collection } from './garbage.js';
import type { OnlineKeyRing } from './online-key-ring-disk.js';
import { readOnlineKeys } from './online-keys-blob.js';
import { checkRelease } from './release-check.js';
import { releasesOf } from './releases.js';
import { developmentMark, isMetadataKeyUse, parseRoleName, type ServerKeyUse } from './repository-layout.js';
import { type RepositoryState, rolesOf, unsoundRoleOf } from './repository-state.js';
import { decodeRoleFile, type RoleFile } from './role-file.js';
import { checkRole, otherStage } from './role-rules.js';
import { Serial } from './serial.js';
import { dueSigning, nextSigningAt } from './signing-schedule.js';
import { checkTrustChange, type TrustChange } from './trust-change.js';

/** The longest wait for a signing: the wall clock may jump in between (a board that starts in 1970). */
const maxWaitMs = 60 * 60 * 1000;
/** How long a failed signing waits before it is tried again. */
const retryMs = 60_000;

/** The catalogue at work: answers from memory, takes one publisher at a time, signs snapshot and timestamp when they are due. */
export class PublishingCatalog implements Catalog, ArtefactStore {
  readonly development: boolean;
  readonly keyRing: OnlineKeyRing;
  readonly #parts: CatalogParts;
  readonly #serial = new Serial();
  readonly #listeners = new Set<() => void>();
  readonly #manifests: Map<string, Manifest>;
  #state: RepositoryState;
  #epoch: number;
  #releases: readonly CatalogRelease[];
  #cancelSigning: () => void = () => {};
  #isClosed = false;
  /** A change of trust may have reached the disk and not this memory: see #serially. */
  #isTrustBegun = false;

  constructor(parts: CatalogParts) {
    this.#parts = parts;
    this.keyRing = parts.keyRing;
    this.#state = parts.state;
    this.#manifests = new Map(parts.manifests);
    this.#releases = releasesOf(parts.state, parts.manifests);
    this.development = parts.state.root.signed[developmentMark] === true;
    this.#epoch = parts.epoch;
  }

  /** Signs what is due, and again whenever it is. Throws CatalogError when the first signing fails. */
  async start(): Promise<void> {
    await this.#serially(() => this.#signDue());
    this.#schedule();
  }

  /** Ends the signing and resolves when nothing is being written any more. May be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelSigning();
    await this.#serial.idle();
  }

  get rootSha256(): string {
    return this.#state.rootSha256;
  }

  get epoch(): number {
    return this.#epoch;
  }

  expiring(nowMs: number): readonly ExpiringFile[] {
    return expiringFiles(this.#state, nowMs);
  }

  get versions(): Catalog['versions'] {
    const { root, targets, snapshot } = this.#state;
    return { root: root.signed.version, targets: targets.version, snapshot: snapshot.version };
  }

  releases(): readonly CatalogRelease[] {
    return this.#releases;
  }

  find(model: string, version: string): CatalogRelease | undefined {
    return this.#releases.find((release) => release.model === model && release.version === version);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  metadataFile(name: string): Promise<Uint8Array | undefined> {
    return this.#parts.repository.metadataFile(name);
  }

  isMetadataBlob(digest: string): boolean {
    return Object.values(this.#state.targets.file.signed.targets).some(({ hashes }) => hashes.sha256 === digest);
  }

  openBlob(digest: string): Promise<OpenBlob | undefined> {
    return this.#parts.blobs.open(digest);
  }

  storeBlob(digest: string, source: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#parts.blobs.put(digest, source);
  }

  publishRole(name: string, bytes: Uint8Array): Promise<{ readonly version: number }> {
    return this.#serially(() => this.#publishRole(name, bytes));
  }

  prepareOnlineKey(use: ServerKeyUse): Promise<string> {
    const { metadataKeys } = this.#parts;
    return this.#serially(() => (isMetadataKeyUse(use) ? metadataKeys.prepare(use) : this.keyRing.prepare(use)));
  }

  changeTrust(change: TrustChange): Promise<{ readonly snapshot: number }> {
    return this.#serially(() => this.#changeTrust(change));
  }

  collect(collection: Collection): Promise<Collected> {
    return this.#serially(() => this.#parts.garbage.collect(this.#state, this.#manifests, collection));
  }

  async #changeTrust(change: TrustChange): Promise<{ readonly snapshot: number }> {
    const { repository, blobs, clock, verify, metadataKeys } = this.#parts;
    const nowMs = clock.now().wallMs;
    const checked = checkTrustChange({ ...this.#state, nowMs, verify }, change);
    const onlineKeys = await readOnlineKeys(checked.targets.file, blobs);
    const { epoch } = onlineKeys;
    if (epoch < this.#epoch) {
      throw new CatalogError('role-policy', `keys/online.json is at epoch ${this.#epoch}; ${epoch} is over`);
    }
    metadataKeys.pairsFor(checked.root); // throws before anything is written
    const missing = this.keyRing.missing(onlineKeys);
    if (missing !== undefined) {
      throw new CatalogError('role-policy', `${onlineKeysPath} would name no ${missing} key that this server holds`);
    }
    this.#isTrustBegun = true;
    try {
      await repository.publishTrust(this.#state, checked, nowMs);
      await this.#finishTrust();
    } catch (error) {
      this.#wakeAfter(retryMs);
      throw error;
    }
    return { snapshot: this.#state.snapshot.version };
  }

  /**
   * One change at a time; and first the one of trust that a failing disk cut off, if there is any: it lies in its journal, and
   * would undo at the next start what was published in between.
   */
  #serially<T>(change: () => Promise<T>): Promise<T> {
    return this.#serial.run(async () => {
      if (this.#isTrustBegun) await this.#finishTrust();
      return change();
    });
  }

  /** Completes on the disk what was begun there, and goes by it from now on. May be run again at any point. */
  async #finishTrust(): Promise<void> {
    const { repository, blobs, metadataKeys, log } = this.#parts;
    this.#state = await repository.finishTrust();
    const onlineKeys = await readOnlineKeys(this.#state.targets.file, blobs);
    await metadataKeys.settle(this.#state.root);
    await this.keyRing.settle(onlineKeys);
    this.#epoch = onlineKeys.epoch;
    this.#isTrustBegun = false;
    log.info({ ...this.versions }, 'Who may sign is what the repository says');
    this.#changed();
  }

  #changed(): void {
    this.#releases = releasesOf(this.#state, this.#manifests);
    this.#schedule();
    for (const listener of this.#listeners) listener();
  }

  async #publishRole(name: string, bytes: Uint8Array): Promise<{ readonly version: number }> {
    const { repository, blobs, clock, log } = this.#parts;
    const nowMs = clock.now().wallMs;
    const id = parseRoleName(name);
    const roles = id === undefined ? undefined : rolesOf(this.#state, id.family);
    const unsound = id === undefined ? undefined : unsoundRoleOf(this.#state, id.family);
    if (unsound !== undefined) throw new CatalogError('role-unsound', unsound);
    if (id === undefined || roles === undefined) {
      throw new CatalogError('role-unknown', `the repository delegates no role ${name}`);
    }
    const current = roles[id.stage];
    // The publisher may not have heard our first answer.
    if (Buffer.compare(bytes, current.bytes) === 0) return { version: current.version };
    const file = decodeUploaded(bytes, name);
    this.#parts.verify.delegated(this.#state.targets.file, name, file);
    const other = roles[otherStage(id.stage)].file;
    for (const listing of checkRole(file, { id, current: current.file, other, nowMs })) {
      this.#manifests.set(listing.target.hashes.sha256, await checkRelease(listing, blobs));
    }
    const { version } = file.signed;
    this.#state = await repository.publishRole(this.#state, name, { version, bytes, file }, nowMs);
    log.info({ role: name, version, snapshot: this.#state.snapshot.version }, 'A role was published');
    this.#changed();
    return { version };
  }

  async #signDue(): Promise<void> {
    const { repository, clock, log } = this.#parts;
    const nowMs = clock.now().wallMs;
    const due = dueSigning(this.#state, nowMs);
    if (due === undefined) return;
    this.#state = await (due === 'snapshot'
      ? repository.resignSnapshot(this.#state, nowMs)
      : repository.resignTimestamp(this.#state, nowMs));
    const { snapshot, timestamp } = this.#state;
    log.info({ snapshot: snapshot.version, timestamp: timestamp.version }, 'Snapshot and timestamp were signed');
  }

  #schedule(): void {
    this.#wakeAfter(nextSigningAt(this.#state) - this.#parts.clock.now().wallMs);
  }

  #wakeAfter(delayMs: number): void {
    this.#cancelSigning();
    if (this.#isClosed) return;
    const waitMs = Math.max(0, Math.min(delayMs, maxWaitMs));
    this.#cancelSigning = this.#parts.clock.after(waitMs, () => void this.#wake());
  }

  async #wake(): Promise<void> {
    try {
      await this.#serially(() => this.#signDue());
      this.#schedule();
    } catch (error) {
      this.#parts.log.error({ error: messageOf(error), code: codeOf(error) }, 'Signing snapshot and timestamp failed');
      this.#wakeAfter(retryMs);
    }
  }
}

function decodeUploaded(bytes: Uint8Array, name: string): RoleFile {
  try {
    return decodeRoleFile(bytes, name);
  } catch (cause) {
    throw new CatalogError('role-malformed', messageOf(cause), { cause });
  }
}
