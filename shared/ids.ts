import { sha256 } from './signing/digest.js';

/** A model's name. The first character is a letter or digit, so that it can stand in a path and a topic. */
export const modelNamePattern = '^[a-z0-9][a-z0-9-]{0,62}$';
/** One identifier of a pre-release: a number has no leading zeros (clause 9), so that equal precedence means equal text. */
const preRelease = '(?!0[0-9]+(?:\\.|$))[0-9A-Za-z-]{1,32}';
/** A release's version: Semantic Versioning 2.0.0 without build metadata. */
export const versionPattern = `^(0|[1-9][0-9]{0,8})\\.(0|[1-9][0-9]{0,8})\\.(0|[1-9][0-9]{0,8})(-${preRelease}(\\.${preRelease}){0,4})?$`;
/** A device's id: its name, and the first 16 digits of its key's fingerprint. */
export const deviceIdPattern = '^[a-z0-9][a-z0-9-]{0,40}-[0-9a-f]{16}$';
/** What an operator calls a device, before its fingerprint is added. */
export const deviceNamePattern = '^[a-z0-9][a-z0-9-]{0,40}$';
/** A label's key, and its value. */
export const labelPattern = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$';
/** A SHA-256 digest or an Ed25519 public key: 64 lower-case hex digits. */
export const hex64Pattern = '^[0-9a-f]{64}$';

const modelName = new RegExp(modelNamePattern);
const version = new RegExp(versionPattern);

/** `digits@1.4.0` taken apart. */
export interface ReleaseId {
  readonly model: string;
  readonly version: string;
}

/** Reads `digits@1.4.0`; undefined when it is not a release's id. */
export function parseReleaseId(text: string): ReleaseId | undefined {
  const at = text.indexOf('@');
  const id = { model: text.slice(0, at), version: text.slice(at + 1) };
  return at > 0 && modelName.test(id.model) && version.test(id.version) ? id : undefined;
}

/** Writes a release's id: `digits@1.4.0`. */
export function formatReleaseId(id: ReleaseId): string {
  return `${id.model}@${id.version}`;
}

/** A model's family: its name up to the first dash. Its delegated roles are `staging-<family>` and `production-<family>` [T-1]. */
export function familyOf(model: string): string {
  return model.split('-', 1)[0] ?? model;
}

/** The device's id from its name and the 64 hex digits of its public key. */
export function deviceIdOf(name: string, publicKey: string): string {
  return `${name}-${fingerprintOf(publicKey).slice(0, 16)}`;
}

/** The fingerprint of a public key: SHA-256 over its 32 raw bytes, hex. */
export function fingerprintOf(publicKey: string): string {
  return sha256(Buffer.from(publicKey, 'hex'));
}

/** A device's shard `s00` … `s63`: control-plane replicas lease shards, so a device's topics hang below one [W-2]. */
export function shardOf(device: string): string {
  const number = Number.parseInt(sha256(Buffer.from(device)).slice(0, 2), 16) % 64;
  return `s${String(number).padStart(2, '0')}`;
}

/** Semantic Versioning precedence (clause 11): negative when a comes before b. */
export function compareVersions(a: string, b: string): number {
  const [coreA, preA] = splitOnce(a, '-');
  const [coreB, preB] = splitOnce(b, '-');
  const core = compareParts(coreA.split('.'), coreB.split('.'));
  if (core !== 0 || preA === preB) return core;
  if (preA === undefined) return 1;
  if (preB === undefined) return -1;
  return compareParts(preA.split('.'), preB.split('.'));
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const x = a[i];
    const y = b[i];
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    if (x === y) continue;
    const numericX = /^\d+$/.test(x);
    const numericY = /^\d+$/.test(y);
    // Without leading zeros the longer number is the greater one, also beyond 2^53.
    if (numericX && numericY && x.length !== y.length) return x.length - y.length;
    if (numericX !== numericY) return numericX ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return 0;
}
