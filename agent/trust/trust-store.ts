import { AuditEnd } from '@bellwether/shared/contract/audit-end';
import { CodedError } from '@bellwether/shared/errors';
import { hex64Pattern } from '@bellwether/shared/ids';
import { type Static, Type } from '@bellwether/shared/schema';
import type { MetadataBytes } from './metadata.js';

const version = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const keyId = Type.String({ pattern: hex64Pattern });

/** What trust remembers beside the metadata itself. */
export const TrustState = Type.Object(
  {
    /** See floors.ts. */
    floors: Type.Object({
      root: version,
      roles: Type.Record(Type.String(), Type.Object({ version, keyids: Type.Array(keyId) })),
    }),
    /** The accepted order's envelope as text, and the public keys of the directors that had signed it. Its epoch and generation are the order's floor. */
    order: Type.Union([
      Type.Null(),
      Type.Object({
        envelope: Type.String({ maxLength: 128 * 1024 }),
        signers: Type.Array(Type.String({ pattern: hex64Pattern }), { minItems: 1, maxItems: 32 }),
      }),
    ]),
    /** It is at least this late, milliseconds since 1970 [T-8]. */
    timeFloorMs: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    /** The public keys that had signed that time. */
    timeSigners: Type.Optional(Type.Array(Type.String({ pattern: hex64Pattern }), { maxItems: 32 })),
    /** The highest end of the server's audit log, and the public keys that had signed it [T-14]. */
    auditHead: Type.Optional(
      Type.Object({
        ...AuditEnd.properties,
        signers: Type.Array(Type.String({ pattern: hex64Pattern }), { minItems: 1, maxItems: 32 }),
      }),
    ),
  },
  { additionalProperties: false },
);
export type TrustState = Static<typeof TrustState>;

/** What is stored, not yet verified. */
export interface StoredTrust {
  readonly state: TrustState;
  readonly metadata: MetadataBytes;
}

/** Keeps trust across restarts and power cuts: state and metadata switch together or not at all [T-7]. */
export interface TrustStore {
  /** Where the metadata that stands lies, under the names that RunnerTrust promises. */
  readonly metadataFolder: string;
  /** Resolves when it would survive a power cut. Without `metadata`, the stored metadata stays. */
  save(state: TrustState, metadata?: MetadataBytes): Promise<void>;
}

/**
 * `state-corrupt`: trust.json cannot be read, or its order or the roots no longer verify; it is never taken for a fresh
 * start, which would lose the floors. `root-mismatch`: the configured root is not the one it began with. `development-refused`: the root
 * is one of a development set, which the configuration does not allow. `root-refused`: the root breaks T-2. `root-unreadable`: the
 * configured file is not there, or not for us to read.
 */
export type TrustErrorCode =
  | 'state-corrupt'
  | 'root-mismatch'
  | 'development-refused'
  | 'root-refused'
  | 'root-unreadable';

/** Trust cannot be opened; nothing was changed. */
export class TrustError extends CodedError<TrustErrorCode> {}
