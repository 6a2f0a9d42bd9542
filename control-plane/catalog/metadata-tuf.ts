import { Metadata, MetadataKind, MetaFile, Signature, Snapshot, Timestamp } from '@tufjs/models';
import { messageOf } from '@bellwether/shared/errors';
import { sha256 } from '@bellwether/shared/signing/digest';
import { keyIdOf, signEd25519 } from '@bellwether/shared/signing/ed25519';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { CatalogError } from './catalog-error.js';
import { expiryAfter, lifetimeDays, tufSpecification } from './repository-layout.js';
import type { RoleFile, RootFile, SnapshotFile, TargetsFile, TimestampFile } from './role-file.js';

/** TUF signatures with @tufjs/models and node:crypto: what the server checks, and what it signs itself. No I/O in here. */

/** A metadata file's version and exact bytes, which the file above it vouches for. */
export interface FileVersion {
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** Throws CatalogError `role-signature` unless the root's keys signed one of its top-level files. */
export function verifyTopLevel(root: RootFile, file: RootFile | TargetsFile | SnapshotFile | TimestampFile): void {
  verify(file.signed._type, () => {
    const signer = Metadata.fromJSON(MetadataKind.Root, root);
    signer.verifyDelegate(file.signed._type, parse(file));
  });
}

/** Throws CatalogError `role-signature` unless the keys that top-level targets names for the role signed the file. */
export function verifyDelegated(targets: TargetsFile, role: string, file: RoleFile): void {
  verify(role, () => Metadata.fromJSON(MetadataKind.Targets, targets).verifyDelegate(role, parse(file)));
}

/** A new snapshot over the targets files, by role name. */
export function signSnapshot(
  version: number,
  files: ReadonlyMap<string, FileVersion>,
  signer: { readonly key: KeyPair; readonly nowMs: number },
): Uint8Array {
  const meta = Object.fromEntries([...files].map(([role, file]) => [`${role}.json`, metaFile(file)]));
  const expires = expiryAfter(signer.nowMs, lifetimeDays.snapshot);
  return signed(new Metadata(new Snapshot({ version, specVersion: tufSpecification, expires, meta })), signer.key);
}

/** A new timestamp over a snapshot. */
export function signTimestamp(
  version: number,
  snapshot: FileVersion,
  signer: { readonly key: KeyPair; readonly nowMs: number },
): Uint8Array {
  const expires = expiryAfter(signer.nowMs, lifetimeDays.timestamp);
  const snapshotMeta = metaFile(snapshot);
  return signed(
    new Metadata(new Timestamp({ version, specVersion: tufSpecification, expires, snapshotMeta })),
    signer.key,
  );
}

function metaFile({ version, bytes }: FileVersion): MetaFile {
  return new MetaFile({ version, length: bytes.byteLength, hashes: { sha256: sha256(bytes) } });
}

function signed(metadata: Metadata<Snapshot> | Metadata<Timestamp>, key: KeyPair): Uint8Array {
  const keyID = keyIdOf(key.publicKey);
  metadata.sign((bytes) => new Signature({ keyID, sig: Buffer.from(signEd25519(key.seed, bytes)).toString('hex') }));
  return Buffer.from(JSON.stringify(metadata.toJSON()));
}

function parse(file: RootFile | TargetsFile | RoleFile | SnapshotFile | TimestampFile) {
  switch (file.signed._type) {
    case 'root':
      return Metadata.fromJSON(MetadataKind.Root, file);
    case 'targets':
      return Metadata.fromJSON(MetadataKind.Targets, file);
    case 'snapshot':
      return Metadata.fromJSON(MetadataKind.Snapshot, file);
    case 'timestamp':
      return Metadata.fromJSON(MetadataKind.Timestamp, file);
  }
}

/** The library throws its own classes, and TypeError on values that canonical JSON cannot have. */
function verify(role: string, check: () => void): void {
  try {
    check();
  } catch (cause) {
    throw new CatalogError('role-signature', `${role} does not carry the signatures it needs: ${messageOf(cause)}`, {
      cause,
    });
  }
}
