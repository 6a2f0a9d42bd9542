import { onlineKeysPath } from '@bellwether/shared/contract/online-keys';
import { modelNamePattern, versionPattern } from '@bellwether/shared/ids';
import { exactHex, isSoundPublicKey } from '@bellwether/shared/signing/ed25519-strict';
import { type Authority, VerifierError } from './release-verifier-signatures.js';
import type { RootFile, TargetsFile, TufKeys, TufRole } from './tuf-documents.js';

/**
 * T-1 and T-2 once more, for the runner. Written apart from listing-policy.ts on purpose: a mistake there must not be one
 * here [T-3]. Everything throws VerifierError `policy`.
 */

/** A root that may be believed: sound keys, distinct by value, thresholds of 2 unless it is an allowed development root. */
export function requireSoundRoot({ signed }: RootFile, allowDevelopment: boolean): void {
  const marked = signed['x-bw-development'] === true;
  if (marked && !allowDevelopment) fail(`root ${signed.version} is a development root`);
  requireSoundKeys(signed.keys, `root ${signed.version}`);
  const minimum = marked ? 1 : 2;
  for (const name of ['root', 'targets'] as const) {
    if (signed.roles[name].threshold < minimum) fail(`${name} may be signed by fewer than ${minimum} keys`);
  }
  for (const role of Object.values(signed.roles)) requireDistinctKeys({ role, keys: signed.keys }, 'root');
}

/** Top-level targets: its own name, nothing but keys/online.json, sound keys in its delegations. */
export function requireSoundTargets({ signed }: TargetsFile): void {
  if (signed['x-bw-role'] !== 'targets') fail('the targets file does not name itself targets');
  for (const path of Object.keys(signed.targets)) {
    if (path !== onlineKeysPath) fail(`top-level targets list ${path}`);
  }
  requireSoundKeys(signed.delegations?.keys ?? {}, 'targets');
}

/** A delegated role's file: its own name, no delegations, manifests of its stage and family only. */
export function requireSoundLeaf({ signed }: TargetsFile, stage: string, family: string): void {
  const name = `${stage}-${family}`;
  if (signed['x-bw-role'] !== name) fail(`the file of ${name} is not its own`);
  if ('delegations' in signed) fail(`${name} has delegations`);
  const own = new RegExp(`^${stage}/(${family}|${family}-[a-z0-9-]+)/([^/]+)/manifest\\.json$`);
  for (const path of Object.keys(signed.targets)) {
    const [, model = '', version = ''] = own.exec(path) ?? [];
    if (!modelName.test(model) || !versionText.test(version)) fail(`${name} lists ${path}`);
  }
}

const modelName = new RegExp(modelNamePattern);
const versionText = new RegExp(versionPattern);

/** The keys of a role, each once and each there. */
export function requireDistinctKeys({ role, keys }: Authority, what: string): void {
  const publics = publicKeys(role, keys);
  if (publics.length !== role.keyids.length || new Set(publics).size !== publics.length) {
    fail(`${what}: a role names a key that is not there, or one key under two ids`);
  }
}

/** Four eyes: no key signs for both. */
export function requireDisjoint(a: Authority, b: Authority): void {
  const both = publicKeys(a.role, a.keys).filter((key) => publicKeys(b.role, b.keys).includes(key));
  if (both.length > 0) fail('one key may sign for staging and for production');
}

function publicKeys(role: TufRole, keys: TufKeys): string[] {
  return role.keyids.map((id) => keys[id]?.keyval.public).filter((key) => key !== undefined);
}

function requireSoundKeys(keys: TufKeys, what: string): void {
  for (const { keytype, scheme, keyval } of Object.values(keys)) {
    const raw = exactHex(keyval.public, 32);
    const sound = keytype === 'ed25519' && scheme === 'ed25519' && raw !== undefined && isSoundPublicKey(raw);
    if (!sound) fail(`${what} has the key ${keyval.public.slice(0, 16)}, which is no sound Ed25519 key`);
  }
}

function fail(message: string): never {
  throw new VerifierError('policy', message);
}
