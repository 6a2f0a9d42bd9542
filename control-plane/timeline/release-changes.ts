/** How a release is listed. */
export interface ReleaseListing {
  readonly staging: boolean;
  readonly production: boolean;
  /** The reason of its tombstone; null: none. */
  readonly withdrawn: string | null;
}

/** What has been told of a release. */
export interface ToldListing {
  readonly staging: boolean;
  readonly production: boolean;
  readonly withdrawn: boolean;
}

interface ReleaseChange {
  readonly kind: 'release-published' | 'release-approved' | 'release-withdrawn';
  /** Tells the kinds of one release apart. */
  readonly number: 0 | 1 | 2;
  readonly message: string;
}

const nothing: ToldListing = { staging: false, production: false, withdrawn: false };

/** What is news of a release: each of it happens once, since a version is never listed anew and a tombstone stays for ever [T-9]. */
export function releaseChanges(is: ReleaseListing, told: ToldListing = nothing): readonly ReleaseChange[] {
  return [
    ...(is.staging && !told.staging
      ? [{ kind: 'release-published', number: 0, message: 'a publisher signed it for staging' } as const]
      : []),
    ...(is.production && !told.production
      ? [{ kind: 'release-approved', number: 1, message: 'an approver signed it for production' } as const]
      : []),
    ...(is.withdrawn !== null && !told.withdrawn
      ? [{ kind: 'release-withdrawn', number: 2, message: `withdrawn: ${is.withdrawn}` } as const]
      : []),
  ];
}
