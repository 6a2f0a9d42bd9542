import { type InstallRecord, isSameRelease, type ReleaseRef } from '../installs/install-record.js';
import type { ReleaseStore } from '../installs/release-store.js';

/** What a simulated device remembers of releases, across its own crashes. */
export class MemoryReleases implements ReleaseStore {
  #records: readonly InstallRecord[] = [];

  records(): readonly InstallRecord[] {
    return this.#records;
  }

  find(release: ReleaseRef): InstallRecord | undefined {
    return this.#records.find((record) => isSameRelease(record, release));
  }

  put(record: InstallRecord): Promise<void> {
    this.#records = [...this.#records.filter((other) => !isSameRelease(other, record)), record];
    return Promise.resolve();
  }

  forget(releases: readonly ReleaseRef[]): Promise<void> {
    this.#records = this.#records.filter((record) => !releases.some((gone) => isSameRelease(record, gone)));
    return Promise.resolve();
  }
}
