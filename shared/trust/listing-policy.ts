import { onlineKeysPath } from '../contract/online-keys.js';
import { familyOf, parseReleaseId } from '../ids.js';
import { exactHex, isSoundPublicKey } from '../signing/ed25519-strict.js';

/**
 * What a device asks of metadata above TUF [T-1, T-2], and what the server and the publisher's tool therefore ask before
 * they publish: nothing that devices would refuse. Each function says what is wrong in one sentence, or undefined.
 */

type Keys = Readonly<
  Record<string, { readonly keytype: string; readonly scheme: string; readonly keyval: { readonly public: string } }>
>;

interface Holders {
  readonly keyids: readonly string[];
  readonly threshold: number;
}

/** A root file, as far as the policy reads it. */
interface RootFile {
  readonly signed: {
    readonly version: number;
    readonly keys: Keys;
    readonly roles: Readonly<Record<'root' | 'targets' | 'snapshot' | 'timestamp', Holders>>;
    readonly 'x-bw-development'?: boolean | undefined;
  };
}

/** A targets file, top-level or delegated, as far as the policy reads it. */
interface TargetsFile {
  readonly signed: {
    readonly targets: Readonly<Record<string, unknown>>;
    readonly delegations?:
      | { readonly keys: Keys; readonly roles: readonly (Holders & { readonly name: string })[] }
      | undefined;
    readonly 'x-bw-role'?: string | undefined;
  };
}

/** What this device asks of each kind of file, for the attack suite to replace one at a time. */
export interface ListingPolicy {
  readonly root: typeof rootProblem;
  readonly targets: typeof targetsProblem;
  readonly leaf: typeof leafProblem;
}

/** The role's file of a stage and family, as targets.json delegates it. */
export function roleNameOf(stage: 'staging' | 'production', family: string): string {
  return `${stage}-${family}`;
}

/** True when the root is marked as one of a development set. */
export function isDevelopmentRoot(root: RootFile): boolean {
  return root.signed['x-bw-development'] === true;
}

/** Thresholds of at least 2 over distinct, sound keys, except where root and local configuration both say development. */
export function rootProblem(root: RootFile, allowDevelopment: boolean): string | undefined {
  const { keys, roles, version } = root.signed;
  const development = isDevelopmentRoot(root);
  const name = `root.json version ${version}`;
  if (development && !allowDevelopment) return `${name} is marked development, which the configuration does not allow`;
  const unsound = unsoundKey(keys);
  if (unsound !== undefined) return `${name}: ${unsound}`;
  const least = development ? 1 : 2;
  for (const [role, asked] of [
    ['root', least],
    ['targets', least],
    ['snapshot', 1],
    ['timestamp', 1],
  ] as const) {
    const { threshold, keyids } = roles[role];
    if (threshold < asked) return `${name}: the threshold of ${role} is ${threshold}, less than ${asked}`;
    if (signersOf(roles[role], keys).size < keyids.length) {
      return `${name}: ${role} names one key under two ids, or one that is not there`;
    }
  }
  return undefined;
}

/** Top-level targets hold keys/online.json and delegations over sound keys, and no family's two roles share one. */
export function targetsProblem({ signed }: TargetsFile): string | undefined {
  if (signed['x-bw-role'] !== 'targets') return 'targets.json does not name itself targets';
  const other = Object.keys(signed.targets).find((path) => path !== onlineKeysPath);
  if (other !== undefined) return `targets.json lists ${other}, which is for a delegated role`;
  const { keys = {}, roles = [] } = signed.delegations ?? {};
  const unsound = unsoundKey(keys);
  if (unsound !== undefined) return `targets.json: ${unsound}`;
  const signers = new Map(roles.map((role) => [role.name, signersOf(role, keys)]));
  for (const role of roles) {
    const own = signers.get(role.name) ?? new Set();
    if (own.size < role.keyids.length) return `${role.name} names one key under two ids, or one that is not there`;
    if (!role.name.startsWith('staging-')) continue;
    // Four eyes: compared by the keys themselves, since anybody can give one key two ids.
    const approvers = signers.get(role.name.replace('staging', 'production')) ?? new Set();
    const shared = [...own].find((key) => approvers.has(key));
    if (shared !== undefined) return `${role.name} and its production role share the key ${shared.slice(0, 16)}`;
  }
  return undefined;
}

/** A delegated role names itself, delegates nothing on, and lists only manifests of its own stage and family. */
export function leafProblem(role: string, { signed }: TargetsFile): string | undefined {
  if (signed['x-bw-role'] !== role) return `the file of ${role} names itself ${signed['x-bw-role'] ?? 'nothing'}`;
  if (signed.delegations !== undefined) return `${role} delegates on`;
  const foreign = Object.keys(signed.targets).find((path) => !isManifestPath(path, role));
  return foreign === undefined ? undefined : `${role} lists ${foreign}, which is not its own`;
}

/** The distinct public keys of a role. */
function signersOf(role: Holders, keys: Keys): ReadonlySet<string> {
  return new Set(role.keyids.flatMap((id) => keys[id]?.keyval.public ?? []));
}

function unsoundKey(keys: Keys): string | undefined {
  for (const [id, { keytype, scheme, keyval }] of Object.entries(keys)) {
    const raw = exactHex(keyval.public, 32);
    if (keytype !== 'ed25519' || scheme !== 'ed25519' || raw === undefined || !isSoundPublicKey(raw)) {
      return `key ${id.slice(0, 16)} is not a sound Ed25519 key in hex`;
    }
  }
  return undefined;
}

function isManifestPath(path: string, role: string): boolean {
  const [stage, model = '', version = '', last, ...more] = path.split('/');
  const isRelease =
    parseReleaseId(`${model}@${version}`) !== undefined && last === 'manifest.json' && more.length === 0;
  return isRelease && role === `${stage}-${familyOf(model)}`;
}
