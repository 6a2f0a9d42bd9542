import { messageOf } from '@bellwether/shared/errors';
import type { OnlineTrust } from './floors.js';
import { AdmissionRefusal } from './refusal.js';
import { EqualVersionError, ExpiredMetadataError, TrustedMetadataStore } from './repository-tuf-store.js';
import { maxRoleBytes, maxRootBytes, maxTimestampBytes, requireTufLimits } from './tuf-limits.js';

/**
 * tuf-js's trust core, which takes bytes and does no I/O, one file after the other as the specification's §5.3–5.6 say.
 * Its own Updater is not used: it drops torn cache files silently, floors with them, takes the wall clock, and looks a
 * path up by walking the delegations (m). Each file passes its limits before tuf-js sees it [T-3]. What throws, throws
 * AdmissionRefusal `metadata-stale` when it has expired, else `metadata-refused`.
 */
export class TufCore {
  readonly #store: TrustedMetadataStore;

  /** The root is trusted; expiry is judged at `referenceTimeMs`, milliseconds since 1970. */
  constructor(root: Uint8Array, referenceTimeMs: number) {
    this.#store = judged('the trusted root', () => new TrustedMetadataStore(Buffer.from(root)));
    // tuf-js has no option for the time: it would take the wall clock [T-8].
    Reflect.set(this.#store, 'referenceTime', new Date(referenceTimeMs));
  }

  /** The newest root's version and online keys. */
  get onlineTrust(): OnlineTrust {
    const { version, roles } = this.#store.root.signed;
    return { version, timestamp: roles['timestamp']?.keyIDs ?? [], snapshot: roles['snapshot']?.keyIDs ?? [] };
  }

  /** What the timestamp says of the snapshot. */
  get snapshotMeta() {
    return this.#store.timestamp?.signed.snapshotMeta;
  }

  /** What the snapshot says of a role's file; undefined when it does not name it. */
  metaOf(roleName: string) {
    return this.#store.snapshot?.signed.meta[`${roleName}.json`];
  }

  /** True when targets delegates to a role of this name. */
  isDelegated(roleName: string): boolean {
    return this.#store.targets?.signed.delegations?.roles?.[roleName] !== undefined;
  }

  /** §5.3: the next root, signed by the one before and by itself. */
  updateRoot(bytes: Uint8Array): void {
    judged('the next root', () => {
      requireTufLimits(bytes, maxRootBytes);
      this.#store.updateRoot(Buffer.from(bytes));
    });
  }

  /** §5.4. False when it has the version of the one before, which then stays. */
  updateTimestamp(bytes: Uint8Array): boolean {
    return judged('timestamp.json', () => {
      requireTufLimits(bytes, maxTimestampBytes);
      try {
        this.#store.updateTimestamp(Buffer.from(bytes));
        return true;
      } catch (error) {
        if (error instanceof EqualVersionError) return false;
        throw error;
      }
    });
  }

  /** §5.5. `trusted`: it was verified before, and is the base that newer versions may not fall below. */
  updateSnapshot(bytes: Uint8Array, trusted: boolean): void {
    judged('snapshot.json', () => {
      requireTufLimits(bytes, maxRoleBytes);
      this.#store.updateSnapshot(Buffer.from(bytes), trusted);
    });
  }

  /** §5.6, for targets and for the roles it delegates to. */
  updateTargets(bytes: Uint8Array, roleName: string): void {
    judged(`${roleName}.json`, () => {
      requireTufLimits(bytes, maxRoleBytes);
      this.#store.updateDelegatedTargets(Buffer.from(bytes), roleName, roleName === 'targets' ? 'root' : 'targets');
    });
  }
}

/** What the workflow needs of a core. */
export type MetadataCore = Pick<TufCore, keyof TufCore>;

/** True when the step did not throw: for files that were stored, which may have been overtaken. */
export function isPassed(step: () => void): boolean {
  try {
    step();
    return true;
  } catch {
    return false; // the newer file is fetched and judged in its place, and floors are held against it
  }
}

function judged<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    const code = cause instanceof ExpiredMetadataError ? 'metadata-stale' : 'metadata-refused';
    throw new AdmissionRefusal(code, `${what}: ${messageOf(cause)}`, { cause });
  }
}
