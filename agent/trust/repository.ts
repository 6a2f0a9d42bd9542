import type { Refusal } from '@bellwether/shared/contract/refusal';
import type { Floors } from './floors.js';
import type { Metadata, MetadataBytes } from './metadata.js';
import type { RootFile } from './tuf-documents.js';

/** What a refresh starts from. */
export interface RefreshRequest {
  /** Verified before; the roots are never empty. */
  readonly stored: MetadataBytes;
  readonly floors: Floors;
  /** Names of the delegated roles that this device needs, as far as they are delegated. */
  readonly wanted: readonly string[];
  /** Expiry is judged at this time, milliseconds since 1970 [T-8]. */
  readonly trustedTimeMs: number;
}

/** What a refresh found. */
export interface RefreshedMetadata {
  /** Everything in it is verified. A role that has a problem is here as it was verified last, if its keys still may sign it. */
  readonly metadata: MetadataBytes;
  /** What these bytes say. */
  readonly read: Metadata;
  /** The roots that follow the stored ones, ascending. */
  readonly newRoots: readonly RootFile[];
  /** Why the newest file of a wanted role is not believed: `not-listed`, `listing-policy`, or `metadata-stale` when it has expired. */
  readonly problems: ReadonlyMap<string, Refusal>;
}

/** The TUF repository, from outside: fetches and verifies newer metadata. */
export interface Repository {
  /** Rejects with AdmissionRefusal `network`, `metadata-stale` or `metadata-refused`. Keeps nothing. */
  refresh(request: RefreshRequest, signal: AbortSignal): Promise<RefreshedMetadata>;
}
