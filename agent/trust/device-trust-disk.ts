import { readFile } from 'node:fs/promises';
import type { Clock } from '@bellwether/shared/clock';
import { metadataPath } from '@bellwether/shared/contract/http-api';
import { messageOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import type { Log } from '@bellwether/shared/log';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { DeviceTrust } from './device-trust.js';
import { DeviceTrustKeeper } from './device-trust-keeper.js';
import { fetchSmallFile } from './metadata-http.js';
import { beginTrust, fromPinnedRoot, type RootPin } from './pinned-root.js';
import { AdmissionRefusal } from './refusal.js';
import { repairTrust } from './repair-trust.js';
import { type ArtefactPlane, folderOf, TufRepository, type UpdateMetadata } from './repository-tuf.js';
import { updateInThread } from './repository-tuf-thread.js';
import { runnerTrustOf, type TrustConfiguration } from './trust-configuration.js';
import { type TrustRules, trustRules } from './trust-rules.js';
import { type StoredTrust, TrustError } from './trust-store.js';
import { DiskTrustStore } from './trust-store-disk.js';
import { maxRootBytes } from './tuf-limits.js';

export interface DeviceTrustOptions {
  /** Where trust is kept: `<state>/trust`. */
  readonly folder: string;
  /** Of the artefact plane: `/repository/metadata/` and `/blobs/sha256/` lie below it. */
  readonly baseUrl: string;
  readonly stage: 'staging' | 'production';
  readonly allowDevelopment: boolean;
  /** First trust [T-10]: a file of the image, or the digest of `1.root.json`, which is then fetched once. */
  readonly root: { readonly file: string } | { readonly sha256: string };
  readonly device: { readonly id: string; readonly fingerprint: string };
  readonly clock: Clock;
  readonly log: Log;
  /** node:fs by default. */
  readonly files?: DiskFiles;
  /** For one metadata file; 10 s by default. */
  readonly requestTimeoutMs?: number;
  /** For a whole refresh; 60 s by default. */
  readonly deadlineMs?: number;
}

/** The guards of trust; the product's own unless a test replaces one. */
export interface TrustGuards {
  readonly rules: TrustRules;
  readonly update: UpdateMetadata;
}

const ownGuards: TrustGuards = { rules: trustRules, update: updateInThread };

/**
 * Opens trust: what is stored is verified again, without a network. Only the first time with `root.sha256` a root is
 * fetched. Rejects with TrustError, or with AdmissionRefusal `network`.
 */
export async function openDeviceTrust(
  options: DeviceTrustOptions,
  { rules, update }: TrustGuards = ownGuards,
): Promise<DeviceTrust> {
  const { stage, allowDevelopment, device, clock, log } = options;
  const plane: ArtefactPlane = {
    baseUrl: options.baseUrl,
    timeoutMs: options.requestTimeoutMs ?? 10_000,
  };
  const given = 'file' in options.root ? await readRootFile(options.root.file) : undefined;
  const pin = {
    sha256: 'sha256' in options.root ? options.root.sha256 : sha256(given ?? new Uint8Array()),
    allowDevelopment,
  };

  const store = new DiskTrustStore(options.folder, options.files ?? nodeFiles);
  const kept = (await store.load()) ?? (await begin(store, given ?? (await fetchRoot(plane)), pin));
  const before = await store.loadBefore();
  const { stored, rootVersion, isMended } = fromPinnedRoot(kept, pin, before);
  const pinned = { sha256: pin.sha256, version: rootVersion };
  const configuration: TrustConfiguration = { device, stage, allowDevelopment, pinned };
  const trust = runnerTrustOf(configuration, store.metadataFolder, stored.state);
  const { standing, kind } = repairTrust(stored, before, trust, device);
  if (isMended || kind === 'restored') {
    // Runners read the folder by themselves.
    await store.save(standing.state, standing.bytes);
    log.warn({}, 'stored metadata was torn; a file of the set before it stands in');
  }
  if (kind === 'missing') log.error({}, 'stored metadata is torn; nothing serves until it has been fetched again');
  const repository = new TufRepository(plane, options.deadlineMs ?? 60_000, { update, leaf: rules.leaf });
  return new DeviceTrustKeeper({ store, repository, rules, clock, log, configuration }, standing);
}

async function readRootFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new TrustError('root-unreadable', `the configured root cannot be read: ${messageOf(cause)}`, { cause });
  }
}

async function begin(store: DiskTrustStore, root: Uint8Array, pin: RootPin): Promise<StoredTrust> {
  const first = beginTrust(root, pin);
  await store.save(first.state, first.metadata);
  return first;
}

/** Not trusted because of where it came from: its digest is pinned. */
async function fetchRoot(plane: ArtefactPlane): Promise<Uint8Array> {
  const root = await fetchSmallFile(folderOf(plane, metadataPath), '1.root.json', maxRootBytes);
  if (root === undefined) throw new AdmissionRefusal('network', `${plane.baseUrl} has no 1.root.json`);
  return root;
}
