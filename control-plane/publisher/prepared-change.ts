import { decodeDocument } from '@bellwether/shared/contract/decode';
import { hex64Pattern } from '@bellwether/shared/ids';
import { Compile, type Static, type TSchema, Type } from '@bellwether/shared/schema';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import type { KeyFile } from '@bellwether/shared/signing/key-file';
import { RoleFile, RootFile, TargetsFile } from '../catalog/role-file.js';
import type { TrustChange } from '../catalog/trust-change.js';
import { signRoot, signTargets } from './metadata-signing.js';
import type { NextFiles } from './next-files.js';
import { PublisherError } from './publisher-error.js';
import type { TrustedFilesOfAll } from './trusted-repository.js';

/** A file that is to be signed: by any of `holders` (public keys), by no more than `enough` of them. */
function preparedFile<T extends TSchema>(signed: T) {
  const publicKeys = Type.Array(Type.String({ pattern: hex64Pattern }), { maxItems: 64 });
  const signatures = RootFile.properties.signatures.items;
  return Type.Object(
    { signed, signatures: Type.Array(signatures, { maxItems: 32 }), holders: publicKeys, enough: Type.Integer() },
    { additionalProperties: false },
  );
}

/**
 * A change of who may sign, on its way from holder to holder: each adds signatures on the machine where the key lies, and the
 * keys never meet. Strict but for the signed parts, which keep what they have.
 */
export const PreparedChange = Type.Object(
  {
    schema: Type.Literal('bellwether.prepared-change.v1'),
    root: Type.Optional(preparedFile(RootFile.properties.signed)),
    targets: Type.Optional(preparedFile(TargetsFile.properties.signed)),
    roles: Type.Record(Type.String({ pattern: '^[a-z0-9-]{1,100}$' }), preparedFile(RoleFile.properties.signed), {
      additionalProperties: false,
    }),
  },
  { additionalProperties: false },
);
export type PreparedChange = Static<typeof PreparedChange>;

type PreparedFile = Pick<NonNullable<PreparedChange['root']>, 'signatures' | 'holders' | 'enough'>;

/** Largest prepared change that is read, in bytes. */
const maxChangeBytes = 64 * 1024 * 1024;
/** Whoever holds root or targets may sign with as many keys as he has; a role needs one. */
const any = 32;

const compiled = Compile(PreparedChange);

/** Reads a prepared change; throws DecodeError. What it asks to be signed is for the holder to judge. */
export function decodePreparedChange(bytes: Uint8Array, what: string): PreparedChange {
  return decodeDocument(compiled, bytes, { what, maxBytes: maxChangeBytes });
}

/** The next files with who may sign them: of a root the old quorum and the new one (TUF 6.1). Nobody has signed. */
export function prepareChange(all: TrustedFilesOfAll, next: NextFiles): PreparedChange {
  const newRoot = next.root ?? all.root.signed;
  const { delegations } = next.targets ?? all.targets.file.signed;
  const rootHolders = new Set([...holdersOf(all.root.signed, 'root'), ...holdersOf(newRoot, 'root')]);
  const roles = [...next.roles].map(([name, signed]): [string, PreparedChange['roles'][string]] => {
    const ids = delegations.roles.find((role) => role.name === name)?.keyids ?? [];
    const holders = ids.flatMap((id) => delegations.keys[id]?.keyval.public ?? []);
    return [name, { signed, signatures: [], holders, enough: 1 }];
  });
  return {
    schema: 'bellwether.prepared-change.v1',
    ...(next.root && { root: { signed: next.root, signatures: [], holders: [...rootHolders], enough: any } }),
    ...(next.targets && {
      targets: { signed: next.targets, signatures: [], holders: holdersOf(newRoot, 'targets'), enough: any },
    }),
    roles: Object.fromEntries(roles),
  };
}

/** The change with the signatures of these keys beside those that it has. Throws PublisherError `key-needed` when none of them may sign any of it. */
export function signPrepared(change: PreparedChange, keys: readonly KeyFile[]): PreparedChange {
  const { root, targets, roles } = change;
  const next: PreparedChange = {
    schema: change.schema,
    ...(root && { root: { ...root, ...add(root, keys, (by) => signRoot(root.signed, by)) } }),
    ...(targets && { targets: { ...targets, ...add(targets, keys, (by) => signTargets(targets.signed, by)) } }),
    roles: Object.fromEntries(
      Object.entries(roles).map(([name, role]) => [
        name,
        { ...role, ...add(role, keys, (by) => signTargets(role.signed, by)) },
      ]),
    ),
  };
  if (countOf(next) > countOf(change)) return next;
  throw new PublisherError('key-needed', 'none of the keys given may sign anything of this that it has not signed yet');
}

/** The signed files, as they are published. Throws PublisherError `key-needed` for one that nobody has signed. */
export function trustChangeOf({ root, targets, roles }: PreparedChange): TrustChange {
  return {
    ...(root && { root: bytesOf('root', root) }),
    ...(targets && { targets: bytesOf('targets', targets) }),
    roles: new Map(Object.entries(roles).map(([name, role]) => [name, bytesOf(name, role)])),
  };
}

/** The files of a change by name. */
export function filesOf({ root, targets, roles }: PreparedChange) {
  return [
    ...(root === undefined ? [] : [['root', root] as const]),
    ...(targets === undefined ? [] : [['targets', targets] as const]),
    ...Object.entries(roles),
  ];
}

function holdersOf({ keys, roles }: RootFile['signed'], use: 'root' | 'targets'): string[] {
  return roles[use].keyids.flatMap((id) => keys[id]?.keyval.public ?? []);
}

function add(
  { signatures, holders, enough }: PreparedFile,
  keys: readonly KeyFile[],
  sign: (by: readonly { readonly publicKey: string; readonly seed: string }[]) => Uint8Array,
): Pick<PreparedFile, 'signatures'> {
  const known = new Set(signatures.map(({ keyid }) => keyid));
  const able = keys
    .filter((key) => holders.includes(key.public) && !known.has(keyIdOf(key.public)))
    .slice(0, Math.max(0, enough - known.size));
  if (able.length === 0) return { signatures };
  const signed = sign(able.map(({ public: publicKey, seed }) => ({ publicKey, seed })));
  return { signatures: [...signatures, ...decodeDocument(compiledSigned, signed, signedLimits).signatures] };
}

const compiledSigned = Compile(Type.Object({ signatures: RootFile.properties.signatures }));
const signedLimits = { what: 'what was just signed', maxBytes: maxChangeBytes };

function countOf(change: PreparedChange): number {
  return filesOf(change).reduce((sum, [, { signatures }]) => sum + signatures.length, 0);
}

function bytesOf(name: string, { signed, signatures }: { readonly signed: unknown } & PreparedFile): Uint8Array {
  if (signatures.length > 0) return Buffer.from(JSON.stringify({ signatures, signed }));
  throw new PublisherError('key-needed', `${name} is to be signed, and none of the keys given may sign it: add --key`);
}
