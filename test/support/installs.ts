import type { InstallRecord, ReleaseRef } from '@bellwether/agent/installs/install-record';
import type { ReleaseStore } from '@bellwether/agent/installs/release-store';
import { sha256 } from '@bellwether/shared/signing/digest';

/** The digest of an order, by its name. */
export function orderDigest(name: string): string {
  return sha256(Buffer.from(`order ${name}`));
}

/** A release of `digits` with a manifest digest of its own. */
export function digitsRelease(version: string, model = 'digits'): ReleaseRef {
  return { model, version, manifest: sha256(Buffer.from(`manifest of ${model}@${version}`)) };
}

/** What the device remembers of a release; the rest has a default. */
export function installRecord(release: ReleaseRef, changes: Partial<InstallRecord> = {}): InstallRecord {
  const fresh = { sinceMs: 0, crashes: 0, deaths: 0, servedOrdinal: 0, verdict: null };
  return { ...release, phase: 'fetching', ...fresh, ...changes };
}

/** A release store that forgets everything with the test. */
export class MemoryReleaseStore implements ReleaseStore {
  /** Every record that was put, in order: what would have been on disk, and when. */
  readonly history: InstallRecord[] = [];
  #records: readonly InstallRecord[];

  constructor(records: readonly InstallRecord[] = []) {
    this.#records = records;
  }

  records(): readonly InstallRecord[] {
    return this.#records;
  }

  find({ manifest }: ReleaseRef): InstallRecord | undefined {
    return this.#records.find((record) => record.manifest === manifest);
  }

  put(record: InstallRecord): Promise<void> {
    this.#records = [...this.#records.filter(({ manifest }) => manifest !== record.manifest), record];
    this.history.push(record);
    return Promise.resolve();
  }

  forget(releases: readonly ReleaseRef[]): Promise<void> {
    const gone = new Set(releases.map(({ manifest }) => manifest));
    this.#records = this.#records.filter(({ manifest }) => !gone.has(manifest));
    return Promise.resolve();
  }
}
