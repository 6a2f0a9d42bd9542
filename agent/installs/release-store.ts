import type { InstallRecord, ReleaseRef } from './install-record.js';

/** What the device remembers of releases, across restarts and power cuts. A record is on disk before its phase is worked on. */
export interface ReleaseStore {
  /** All records, as they are on disk. */
  records(): readonly InstallRecord[];
  find(release: ReleaseRef): InstallRecord | undefined;
  /** Puts a record in the place of the one for the same release; resolves when it is on disk. */
  put(record: InstallRecord): Promise<void>;
  /** Forgets releases; resolves when that is on disk. */
  forget(releases: readonly ReleaseRef[]): Promise<void>;
}
