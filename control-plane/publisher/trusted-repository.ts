import type { OnlineKeys } from '@bellwether/shared/contract/online-keys';
import type { Stage } from '../catalog/repository-layout.js';
import type { RepositoryState } from '../catalog/repository-state.js';
import type { RoleFile } from '../catalog/role-file.js';
import type { ReleaseServer } from './release-server.js';

/** A delegated role, verified from the pinned root down, and the public keys that may sign it. */
export interface TrustedRole {
  readonly file: RoleFile;
  readonly publicKeys: readonly string[];
}

/** All of the verified repository: who may sign, and every role's newest file. */
export interface TrustedFilesOfAll extends Pick<RepositoryState, 'root' | 'targets' | 'roles'> {
  readonly rootBytes: Uint8Array;
  readonly onlineKeys: OnlineKeys;
}

/** The repository as this machine believes it: verified, and never older than what it saw before [T-13]. */
export interface TrustedRepository {
  /** Fetches the newest verified roles of a family. Throws PublisherError or ServerError. */
  roles(family: string): Promise<Readonly<Record<Stage, TrustedRole>>>;
  /** Fetches everything, keys/online.json from the server's blobs. Throws PublisherError or ServerError. */
  all(server: Pick<ReleaseServer, 'getBlob'>): Promise<TrustedFilesOfAll>;
}
