import { DecodeError, decodeDocument } from '@bellwether/shared/contract/decode';
import { hex64Pattern } from '@bellwether/shared/ids';
import { Compile, type Static, type TSchema, Type } from '@bellwether/shared/schema';
import { maxKeys, maxRoleBytes, maxRootBytes, maxTimestampBytes } from './tuf-limits.js';

/**
 * TUF metadata files (specification 1.0.x, §4) as this device reads them: strict JSON within the limits of tuf-limits.ts.
 * Unknown fields are kept: they are signed too.
 */

const keyId = Type.String({ pattern: hex64Pattern });
const version = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const length = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const pathText = Type.String({ maxLength: 300 });

function recordOf<T extends TSchema>(pattern: string, value: T, maxProperties: number) {
  return Type.Record(Type.String({ pattern }), value, { maxProperties, additionalProperties: false });
}

const keys = recordOf(
  hex64Pattern,
  Type.Object({
    keytype: Type.String({ maxLength: 100 }),
    scheme: Type.String({ maxLength: 100 }),
    keyval: Type.Object({ public: Type.String({ maxLength: 4096 }) }),
  }),
  maxKeys,
);

/** What every signed part has. `expires` is UTC; a date that cannot be read would never expire. */
const common = {
  spec_version: Type.String({ pattern: '^1\\.0(\\.[0-9]{1,4})?$' }),
  version,
  expires: Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?Z$' }),
};

const role = {
  keyids: Type.Array(keyId, { maxItems: maxKeys, uniqueItems: true }),
  threshold: Type.Integer({ minimum: 1, maximum: maxKeys }),
};
const Role = Type.Object(role);

/** The version of another file, its size and digest; the digest is optional in TUF. */
const metaFile = Type.Object({
  version,
  length: Type.Optional(length),
  hashes: Type.Optional(Type.Object({ sha256: Type.Optional(keyId) })),
});

function fileOf<T extends TSchema>(signed: T) {
  return Type.Object({
    signed,
    signatures: Type.Array(Type.Object({ keyid: keyId, sig: Type.String({ pattern: '^[0-9a-f]{128}$' }) }), {
      maxItems: maxKeys,
    }),
  });
}

const RootFile = fileOf(
  Type.Object({
    _type: Type.Literal('root'),
    ...common,
    consistent_snapshot: Type.Literal(true),
    keys,
    roles: Type.Object({ root: Role, targets: Role, snapshot: Role, timestamp: Role }),
    'x-bw-development': Type.Optional(Type.Boolean()),
  }),
);
export type RootFile = Static<typeof RootFile>;

const TimestampFile = fileOf(
  Type.Object({ _type: Type.Literal('timestamp'), ...common, meta: Type.Object({ 'snapshot.json': metaFile }) }),
);
export type TimestampFile = Static<typeof TimestampFile>;

const SnapshotFile = fileOf(
  Type.Object({
    _type: Type.Literal('snapshot'),
    ...common,
    meta: recordOf('^[a-z0-9-]{1,100}\\.json$', metaFile, 4096),
  }),
);
export type SnapshotFile = Static<typeof SnapshotFile>;

const TargetEntry = Type.Object({
  length,
  hashes: Type.Object({ sha256: keyId }),
  custom: Type.Optional(Type.Object({ withdrawn: Type.Optional(Type.String({ maxLength: 1000 })) })),
});
export type TargetEntry = Static<typeof TargetEntry>;

const Delegations = Type.Object({
  keys,
  roles: Type.Array(
    Type.Object({
      ...role,
      name: Type.String({ pattern: '^[a-z0-9-]{1,80}$' }),
      terminating: Type.Boolean(),
      paths: Type.Array(pathText, { maxItems: 16 }),
    }),
    { maxItems: 1024 },
  ),
});

/** Top-level targets, and every delegated role. */
const TargetsFile = fileOf(
  Type.Object({
    _type: Type.Literal('targets'),
    ...common,
    targets: recordOf('^[!-~]{1,300}$', TargetEntry, 65_536),
    delegations: Type.Optional(Delegations),
    'x-bw-role': Type.Optional(Type.String({ maxLength: 100 })),
  }),
);
export type TargetsFile = Static<typeof TargetsFile>;

/** The keys of a file by their ids, as root and delegations carry them. */
export type TufKeys = RootFile['signed']['keys'];
/** Who may sign a role: any `threshold` of the keys named. */
export type TufRole = Static<typeof Role>;
export type Delegation = Static<typeof Delegations>['roles'][number];

const compiledRoot = Compile(RootFile);
const compiledTimestamp = Compile(TimestampFile);
const compiledSnapshot = Compile(SnapshotFile);
const compiledTargets = Compile(TargetsFile);

/** Reads a root file's form; nothing is verified yet. Throws DecodeError. */
export function decodeRoot(bytes: Uint8Array): RootFile {
  return sound(decodeDocument(compiledRoot, bytes, { what: 'root.json', maxBytes: maxRootBytes }), 'root.json');
}

/** Reads a timestamp file's form; throws DecodeError. */
export function decodeTimestamp(bytes: Uint8Array): TimestampFile {
  const limits = { what: 'timestamp.json', maxBytes: maxTimestampBytes };
  return sound(decodeDocument(compiledTimestamp, bytes, limits), limits.what);
}

/** Reads a snapshot file's form; throws DecodeError. */
export function decodeSnapshot(bytes: Uint8Array): SnapshotFile {
  const limits = { what: 'snapshot.json', maxBytes: maxRoleBytes };
  return sound(decodeDocument(compiledSnapshot, bytes, limits), limits.what);
}

/** Reads the form of targets.json or a delegated role's file; throws DecodeError. */
export function decodeTargets(bytes: Uint8Array, roleName: string): TargetsFile {
  const limits = { what: `${roleName}.json`, maxBytes: maxRoleBytes };
  const file = sound(decodeDocument(compiledTargets, bytes, limits), limits.what);
  const names = file.signed.delegations?.roles.map((each) => each.name) ?? [];
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new DecodeError('schema', `${limits.what} delegates ${name} twice`);
    seen.add(name);
  }
  return file;
}

/** What a schema cannot say: each key signs once, and the expiry is a date. */
function sound<T extends TimestampFile | RootFile | SnapshotFile | TargetsFile>(file: T, what: string): T {
  const ids = file.signatures.map((each) => each.keyid);
  if (new Set(ids).size !== ids.length) throw new DecodeError('schema', `${what} has two signatures of one key`);
  if (!Number.isFinite(Date.parse(file.signed.expires))) {
    throw new DecodeError('schema', `${what} expires at ${file.signed.expires}, which is no date`);
  }
  return file;
}
