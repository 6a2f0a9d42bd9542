import type { OnlineKeys } from '@bellwether/shared/contract/online-keys';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import { developmentMark } from '../catalog/repository-layout.js';
import type { TrustedFilesOfAll } from './trusted-repository.js';

/** A key that the repository names: what it may sign, and what of what stands it has signed. */
export interface ListedKey {
  readonly keyId: string;
  readonly publicKey: string;
  /** `root`, `staging-digits`, or of keys/online.json `director`. */
  readonly roles: readonly string[];
  /** The newest files that carry its signature, as `staging-digits 4`. */
  readonly signed: readonly string[];
}

/** A file's life. */
export interface ListedFile {
  readonly role: string;
  readonly version: number;
  readonly expires: string;
}

/** Everything that `keys list` shows. */
export interface KeyListing {
  readonly development: boolean;
  readonly keys: readonly ListedKey[];
  readonly files: readonly ListedFile[];
}

/** Who may sign what, from the verified repository. */
export function listKeys({ root, targets, roles }: TrustedFilesOfAll, onlineKeys: OnlineKeys): KeyListing {
  const found = new Map<string, { publicKey: string; roles: string[]; signed: string[] }>();
  const keyOf = (id: string, publicKey: string) => {
    const known = found.get(id) ?? { publicKey, roles: [], signed: [] };
    found.set(id, known);
    return known;
  };
  for (const [role, { keyids }] of Object.entries(root.signed.roles)) {
    for (const id of keyids) keyOf(id, root.signed.keys[id]?.keyval.public ?? '').roles.push(role);
  }
  const { delegations } = targets.file.signed;
  for (const { name, keyids } of delegations.roles) {
    for (const id of keyids) keyOf(id, delegations.keys[id]?.keyval.public ?? '').roles.push(name);
  }
  for (const { public: publicKey, use } of onlineKeys.keys) keyOf(keyIdOf(publicKey), publicKey).roles.push(use);
  const files = [
    { role: 'root', file: root },
    { role: 'targets', file: targets.file },
    ...[...roles].map(([role, { file }]) => ({ role, file })),
  ];
  for (const { role, file } of files) {
    for (const { keyid } of file.signatures) found.get(keyid)?.signed.push(`${role} ${file.signed.version}`);
  }
  return {
    development: root.signed[developmentMark] === true,
    keys: [...found].map(([keyId, key]) => ({ keyId, ...key })),
    files: files.map(({ role, file }) => ({ role, version: file.signed.version, expires: file.signed.expires })),
  };
}
