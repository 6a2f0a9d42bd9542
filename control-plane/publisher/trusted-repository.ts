import type { Stage } from '../catalog/repository-layout.js';
import type { RoleFile } from '../catalog/role-file.js';

/** A delegated role, verified from the pinned root down, and the public keys that may sign it. */
export interface TrustedRole {
  readonly file: RoleFile;
  readonly publicKeys: readonly string[];
}

/** The repository as this machine believes it: verified, and never older than what it saw before [T-13]. */
export interface TrustedRepository {
  /** Fetches the newest verified roles of a family. Throws PublisherError or ServerError. */
  roles(family: string): Promise<Readonly<Record<Stage, TrustedRole>>>;
}
