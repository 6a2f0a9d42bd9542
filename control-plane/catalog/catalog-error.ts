import { CodedError } from '@bellwether/shared/errors';

/**
 * Why the catalogue does not open, or refuses what a publisher sent. Codes about a release that a device would refuse as
 * well are the device's own (shared/contract/refusal).
 */
export type CatalogErrorCode =
  // The data folder
  | 'not-initialised'
  | 'repository-corrupt'
  | 'other-root'
  | 'storage'
  // A blob
  | 'blob-digest'
  | 'blob-size'
  | 'blob-too-large'
  // A role
  | 'role-unknown'
  | 'role-malformed'
  | 'role-signature'
  | 'role-changed'
  | 'role-unsound'
  | 'role-would-fail'
  | 'role-policy'
  | 'role-expiry'
  // Its releases
  | 'release-path'
  | 'release-changed'
  | 'release-removed'
  | 'withdrawal-removed'
  | 'not-staged'
  | 'manifest-missing'
  | 'manifest-size'
  | 'manifest-schema'
  | 'manifest-identity'
  | 'file-missing';

/** The catalogue's own refusals. */
export class CatalogError extends CodedError<CatalogErrorCode> {}
