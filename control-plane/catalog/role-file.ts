import { decodeDocument } from '@bellwether/shared/contract/decode';
import { hex64Pattern } from '@bellwether/shared/ids';
import { Compile, type Static, type TSchema, Type } from '@bellwether/shared/schema';
import { developmentMark, roleMark } from './repository-layout.js';

/**
 * TUF metadata as we write and read it: strict JSON, nothing unsigned but the signatures, and what the specification
 * leaves open made narrow (SHA-256 only, UTC in whole seconds). The signed part keeps unknown fields.
 */

/** Largest targets or role file that anybody reads, in bytes [T-3]. */
export const maxRoleBytes = 1024 * 1024;

const version = Type.Integer({ minimum: 1, maximum: 2 ** 31 });
const expires = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$' });
const hashes = Type.Object({ sha256: Type.String({ pattern: hex64Pattern }) }, { additionalProperties: false });
const keys = Type.Record(
  Type.String({ pattern: hex64Pattern }),
  Type.Object({
    keytype: Type.Literal('ed25519'),
    scheme: Type.Literal('ed25519'),
    keyval: Type.Object({ public: Type.String({ pattern: hex64Pattern }) }, { additionalProperties: false }),
  }),
  { maxProperties: 32, additionalProperties: false },
);
const keyids = Type.Array(Type.String({ pattern: hex64Pattern }), { minItems: 1, maxItems: 32, uniqueItems: true });
const threshold = Type.Integer({ minimum: 1, maximum: 32 });
const common = { spec_version: Type.String({ pattern: '^1\\.0(\\.[0-9]{1,3})?$' }), version, expires };

/** One listed file: `custom.withdrawn` is a tombstone with its reason [T-9]. */
const Target = Type.Object({
  length: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  hashes,
  custom: Type.Optional(Type.Object({ withdrawn: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })) })),
});
export type Target = Static<typeof Target>;

const signedTargets = {
  _type: Type.Literal('targets'),
  ...common,
  targets: Type.Record(Type.String({ pattern: '^[!-~]{1,200}$' }), Target, { additionalProperties: false }),
};

/** A delegated role's file. It carries no delegations: a leaf [T-2]. */
export const RoleFile = file({
  ...signedTargets,
  [roleMark]: Type.String(),
  delegations: Type.Optional(Type.Never()),
});
export type RoleFile = Static<typeof RoleFile>;

/** The top-level targets file: keys/online.json, and who holds which family. */
export const TargetsFile = file({
  ...signedTargets,
  [roleMark]: Type.Literal('targets'),
  delegations: Type.Object({
    keys,
    roles: Type.Array(
      Type.Object({
        name: Type.String({ maxLength: 100 }),
        keyids,
        threshold,
        terminating: Type.Boolean(),
        paths: Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 8 }),
      }),
      { maxItems: 1000 },
    ),
  }),
});
export type TargetsFile = Static<typeof TargetsFile>;

const role = Type.Object({ keyids, threshold });

/** A root file. */
export const RootFile = file({
  _type: Type.Literal('root'),
  ...common,
  consistent_snapshot: Type.Literal(true),
  keys,
  roles: Type.Object({ root: role, targets: role, snapshot: role, timestamp: role }),
  [developmentMark]: Type.Optional(Type.Boolean()),
});
export type RootFile = Static<typeof RootFile>;

const metaFile = Type.Object({ version, length: Type.Integer({ minimum: 1 }), hashes });

/** A snapshot: which version of each targets file is the newest. */
const SnapshotFile = file({
  _type: Type.Literal('snapshot'),
  ...common,
  meta: Type.Record(Type.String({ pattern: '^[a-z0-9-]{1,100}\\.json$' }), metaFile, { additionalProperties: false }),
});
export type SnapshotFile = Static<typeof SnapshotFile>;

/** A timestamp: which snapshot is the newest. */
const TimestampFile = file({
  _type: Type.Literal('timestamp'),
  ...common,
  meta: Type.Object({ 'snapshot.json': metaFile }, { additionalProperties: false }),
});
export type TimestampFile = Static<typeof TimestampFile>;

const compiled = {
  role: Compile(RoleFile),
  targets: Compile(TargetsFile),
  root: Compile(RootFile),
  snapshot: Compile(SnapshotFile),
  timestamp: Compile(TimestampFile),
};

/** Reads a delegated role's file; throws DecodeError. Its signature is not checked here. */
export function decodeRoleFile(bytes: Uint8Array, name: string): RoleFile {
  return decodeDocument(compiled.role, bytes, { what: name, maxBytes: maxRoleBytes });
}

/** Reads the top-level targets file; throws DecodeError. */
export function decodeTargetsFile(bytes: Uint8Array): TargetsFile {
  return decodeDocument(compiled.targets, bytes, { what: 'targets', maxBytes: maxRoleBytes });
}

/** Reads a root file; throws DecodeError. */
export function decodeRootFile(bytes: Uint8Array): RootFile {
  return decodeDocument(compiled.root, bytes, { what: 'root', maxBytes: 64 * 1024 });
}

/** Reads a snapshot file; throws DecodeError. */
export function decodeSnapshotFile(bytes: Uint8Array): SnapshotFile {
  return decodeDocument(compiled.snapshot, bytes, { what: 'snapshot', maxBytes: maxRoleBytes });
}

/** Reads a timestamp file; throws DecodeError. */
export function decodeTimestampFile(bytes: Uint8Array): TimestampFile {
  return decodeDocument(compiled.timestamp, bytes, { what: 'timestamp', maxBytes: 4 * 1024 });
}

/** The end of a file's life, in milliseconds since 1970. */
export function expiresMs(signed: { readonly expires: string }): number {
  return Date.parse(signed.expires);
}

function file<T extends Record<string, TSchema>>(signed: T) {
  return Type.Object(
    {
      signatures: Type.Array(
        Type.Object(
          { keyid: Type.String({ pattern: hex64Pattern }), sig: Type.String({ pattern: '^[0-9a-f]{128}$' }) },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: 32 },
      ),
      signed: Type.Object(signed),
    },
    { additionalProperties: false },
  );
}
