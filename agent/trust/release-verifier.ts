import { DecodeError } from '@bellwether/shared/contract/decode';
import { decodeOnlineKeys, type OnlineKeys, onlineKeysPath } from '@bellwether/shared/contract/online-keys';
import { familyOf } from '@bellwether/shared/ids';
import { decodeManifest, type Manifest } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { CurrentMetadata, Metadata, MetadataBytes } from './metadata.js';
import {
  requireDisjoint,
  requireDistinctKeys,
  requireSoundLeaf,
  requireSoundRoot,
  requireSoundTargets,
} from './release-verifier-policy.js';
import { type Authority, requireSignatures, VerifierError } from './release-verifier-signatures.js';
import type { RunnerTrust } from './runner-trust.js';
import {
  decodeRoot,
  decodeSnapshot,
  decodeTargets,
  decodeTimestamp,
  type RootFile,
  type TargetEntry,
  type TargetsFile,
} from './tuf-documents.js';

/**
 * The runner's own verification [T-3b]: with tweetnacl, from the pinned root to the bytes that are loaded. It ignores
 * expiry (a device without a network keeps serving, T-8) and honours floors. The boot uses it for what is stored.
 */

/** What is verified, as bytes from the disk. */
export interface ReleaseEvidence {
  /** The pinned root first, ascending. */
  readonly roots: readonly Uint8Array[];
  readonly targets: Uint8Array;
  readonly staging: Uint8Array;
  readonly production: Uint8Array | undefined;
  readonly manifest: Uint8Array;
}

/** What the evidence must show. */
export interface ExpectedRelease {
  readonly trust: RunnerTrust;
  readonly model: string;
  readonly version: string;
  readonly manifestSha256: string;
}

/** The manifest of the release, when everything from the pinned root down to it holds. Throws VerifierError. */
export function verifyRelease(evidence: ReleaseEvidence, expected: ExpectedRelease): Manifest {
  const { trust, model } = expected;
  const root = verifyRootChain(evidence.roots, trust);
  const targets = verifyTargets(evidence.targets, root, trust);
  const family = familyOf(model);
  const staging = verifyLeaf(evidence.staging, { stage: 'staging', family, targets, trust });
  const production =
    evidence.production === undefined
      ? undefined
      : verifyLeaf(evidence.production, { stage: 'production', family, targets, trust });
  const staged = entryIn(staging, expected);
  const approved = production === undefined ? undefined : entryIn(production, expected);
  for (const entry of [staged, approved]) requireNotWithdrawn(entry);
  if (production !== undefined) requireDisjoint(staging.authority, production.authority);
  if (trust.stage === 'production') {
    if (approved === undefined) throw notListed('production', expected);
    requireEntry(approved, evidence.manifest, expected);
  }
  if (staged === undefined) throw notListed('staging', expected);
  requireEntry(staged, evidence.manifest, expected);
  return readManifest(evidence.manifest, expected);
}

/** Passes when the bytes are the manifest's file of that name. Throws VerifierError `file`. */
export function verifyFile(manifest: Manifest, name: string, bytes: Uint8Array): void {
  const file = manifest.files[name];
  if (file === undefined) throw new VerifierError('file', `the manifest has no file ${name}`);
  if (bytes.byteLength !== file.bytes) {
    throw new VerifierError('file', `${name} has ${bytes.byteLength} bytes instead of ${file.bytes}`);
  }
  const digest = sha256(bytes);
  if (digest !== file.sha256) throw new VerifierError('file', `${name} has the digest ${digest}, not ${file.sha256}`);
}

/** Stored metadata, all of it, as the boot needs it. Throws VerifierError. */
export function verifyMetadata(bytes: MetadataBytes, trust: RunnerTrust): Metadata {
  const root = verifyRootChain(bytes.roots, trust);
  if (bytes.current === null) return { root, current: null };
  const { current } = bytes;
  const timestamp = decoded(() => decodeTimestamp(current.timestamp));
  requireSignatures(timestamp, authorityOf(root, 'timestamp'), 'timestamp.json');
  const snapshot = decoded(() => decodeSnapshot(current.snapshot));
  requireSignatures(snapshot, authorityOf(root, 'snapshot'), 'snapshot.json');
  const targets = verifyTargets(current.targets, root, trust);
  const onlineKeys = verifyOnlineKeys(current.onlineKeys, targets);
  const leaves = new Map<string, TargetsFile>();
  for (const [name, leaf] of current.leaves) {
    const file = decoded(() => decodeTargets(leaf, name));
    requireFloor(name, file.signed.version, trust.floors.roles[name]);
    requireSignatures(file, delegatedAuthority(targets, name), `${name}.json`);
    leaves.set(name, file);
  }
  return { root, current: { timestamp, snapshot, targets, onlineKeys, leaves } satisfies CurrentMetadata };
}

/** True when the keys that targets delegates the role to signed these bytes, whatever their version. */
export function isSignedLeaf(bytes: Uint8Array, name: string, targets: TargetsFile): boolean {
  try {
    const file = decoded(() => decodeTargets(bytes, name));
    requireSignatures(file, delegatedAuthority(targets, name), `${name}.json`);
    return true;
  } catch (error) {
    if (error instanceof VerifierError) return false;
    throw error;
  }
}

/** From the pinned root, told by its digest, each root signed by the one before and by itself (TUF §5.3). */
function verifyRootChain(roots: readonly Uint8Array[], trust: RunnerTrust): RootFile {
  const [pinned, ...newer] = roots;
  if (pinned === undefined || sha256(pinned) !== trust.rootSha256) {
    throw new VerifierError('root-pin', `the first root is not the pinned one, ${trust.rootSha256}`);
  }
  let root = decoded(() => decodeRoot(pinned));
  if (root.signed.version !== trust.rootVersion) {
    throw new VerifierError('root-pin', `the pinned root has version ${root.signed.version}, not ${trust.rootVersion}`);
  }
  requireSoundRoot(root, trust.allowDevelopment);
  for (const bytes of newer) {
    const next = decoded(() => decodeRoot(bytes));
    if (next.signed.version !== root.signed.version + 1) {
      throw new VerifierError('root-chain', `root ${next.signed.version} follows root ${root.signed.version}`);
    }
    requireSignatures(next, authorityOf(root, 'root'), `root ${next.signed.version}`);
    requireSoundRoot(next, trust.allowDevelopment);
    requireSignatures(next, authorityOf(next, 'root'), `root ${next.signed.version}`);
    root = next;
  }
  requireFloor('root', root.signed.version, trust.floors.root);
  return root;
}

function verifyTargets(bytes: Uint8Array, root: RootFile, trust: RunnerTrust): TargetsFile {
  const targets = decoded(() => decodeTargets(bytes, 'targets'));
  requireSignatures(targets, authorityOf(root, 'targets'), 'targets.json');
  requireFloor('targets', targets.signed.version, trust.floors.targets);
  requireSoundTargets(targets);
  return targets;
}

function verifyOnlineKeys(bytes: Uint8Array, targets: TargetsFile): OnlineKeys {
  const entry = targets.signed.targets[onlineKeysPath];
  if (entry === undefined || entry.length !== bytes.byteLength || entry.hashes.sha256 !== sha256(bytes)) {
    throw new VerifierError('file', `${onlineKeysPath} is not what targets.json lists`);
  }
  return decoded(() => decodeOnlineKeys(bytes));
}

interface LeafPlace {
  readonly stage: 'staging' | 'production';
  readonly family: string;
  readonly targets: TargetsFile;
  readonly trust: RunnerTrust;
}

interface VerifiedLeaf {
  readonly stage: 'staging' | 'production';
  readonly file: TargetsFile;
  readonly authority: Authority;
  readonly paths: readonly string[];
}

function verifyLeaf(bytes: Uint8Array, { stage, family, targets, trust }: LeafPlace): VerifiedLeaf {
  const name = `${stage}-${family}`;
  const file = decoded(() => decodeTargets(bytes, name));
  const authority = delegatedAuthority(targets, name);
  requireDistinctKeys(authority, name);
  requireSignatures(file, authority, `${name}.json`);
  requireFloor(name, file.signed.version, trust.floors.roles[name]);
  requireSoundLeaf(file, stage, family);
  return { stage, file, authority, paths: authority.role.paths };
}

function authorityOf(root: RootFile, name: keyof RootFile['signed']['roles']): Authority {
  return { role: root.signed.roles[name], keys: root.signed.keys };
}

function delegatedAuthority({ signed }: TargetsFile, name: string) {
  const role = signed.delegations?.roles.find((each) => each.name === name);
  if (role === undefined || signed.delegations === undefined) {
    throw new VerifierError('not-listed', `targets.json delegates nothing to ${name}`);
  }
  return { role, keys: signed.delegations.keys };
}

/** Only what the delegation lets the role speak of counts. */
function entryIn({ stage, file, paths }: VerifiedLeaf, { model, version }: ExpectedRelease): TargetEntry | undefined {
  const dash = model.indexOf('-');
  const covering =
    dash < 0 ? `${stage}/${model}/*/manifest.json` : `${stage}/${model.slice(0, dash)}-*/*/manifest.json`;
  return paths.includes(covering) ? file.signed.targets[`${stage}/${model}/${version}/manifest.json`] : undefined;
}

function requireEntry(entry: TargetEntry, manifest: Uint8Array, { manifestSha256 }: ExpectedRelease): void {
  if (entry.hashes.sha256 !== manifestSha256) {
    throw new VerifierError('not-listed', `${entry.hashes.sha256} is listed, not ${manifestSha256}`);
  }
  if (entry.length !== manifest.byteLength) {
    throw new VerifierError('manifest', `the manifest has ${manifest.byteLength} bytes instead of ${entry.length}`);
  }
}

function requireNotWithdrawn(entry: TargetEntry | undefined): void {
  const reason = entry?.custom?.withdrawn;
  if (reason !== undefined) throw new VerifierError('withdrawn', `the release was withdrawn: ${reason}`);
}

function readManifest(bytes: Uint8Array, { model, version, manifestSha256 }: ExpectedRelease): Manifest {
  const digest = sha256(bytes);
  if (digest !== manifestSha256) throw new VerifierError('manifest', `the manifest's digest is ${digest}`);
  const manifest = decoded(() => decodeManifest(bytes));
  if (manifest.model !== model || manifest.version !== version) {
    throw new VerifierError('manifest', `the manifest is of ${manifest.model}@${manifest.version}`);
  }
  return manifest;
}

function requireFloor(name: string, version: number, floor: number | undefined): void {
  if (version < (floor ?? 0))
    throw new VerifierError('rollback', `${name}.json has version ${version}, below ${floor}`);
}

function notListed(stage: string, { model, version }: ExpectedRelease): VerifierError {
  return new VerifierError('not-listed', `${model}@${version} is not listed for ${stage}`);
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new VerifierError('malformed', cause.message, { cause });
  }
}
