import { Metadata, MetadataKind, type Root, Signature, type Targets } from '@tufjs/models';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import { signEd25519Nacl } from '@bellwether/shared/signing/ed25519-nacl';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import type { RoleFile, RootFile, TargetsFile } from '../catalog/role-file.js';

/** Signs root, targets and role files offline: canonical JSON by @tufjs/models, Ed25519 by tweetnacl [T-4]. */

/** The bytes of a root file, signed by each of the keys. */
export function signRoot(signed: RootFile['signed'], keys: readonly KeyPair[]): Uint8Array {
  return sign(Metadata.fromJSON(MetadataKind.Root, { signed, signatures: [] }), keys);
}

/** The bytes of a targets file, top-level or a role's, signed by each of the keys. */
export function signTargets(signed: TargetsFile['signed'] | RoleFile['signed'], keys: readonly KeyPair[]): Uint8Array {
  return sign(Metadata.fromJSON(MetadataKind.Targets, { signed, signatures: [] }), keys);
}

function sign(metadata: Metadata<Root> | Metadata<Targets>, keys: readonly KeyPair[]): Uint8Array {
  for (const { publicKey, seed } of keys) {
    const keyID = keyIdOf(publicKey);
    metadata.sign((bytes) => new Signature({ keyID, sig: Buffer.from(signEd25519Nacl(seed, bytes)).toString('hex') }));
  }
  return Buffer.from(JSON.stringify(metadata.toJSON()));
}
