import type { Manifest } from '@bellwether/shared/models/manifest';

declare const verified: unique symbol;

/**
 * A release that this device may load: listed as T-1 asks, its manifest and every file match their digests, and it can
 * take the place of what serves. Only admission.ts makes one.
 */
export interface VerifiedModel {
  readonly [verified]: true;
  readonly manifest: Manifest;
  /** SHA-256 of the manifest's bytes. */
  readonly manifestSha256: string;
  /** Holds the manifest and every file under its digest: `<blobFolder>/<sha256>`. */
  readonly blobFolder: string;
}
