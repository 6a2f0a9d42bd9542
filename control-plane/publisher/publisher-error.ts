import { CodedError } from '@bellwether/shared/errors';

/** Why a key set, a release source or a signing is refused on the publisher's own machine. */
export type PublisherErrorCode =
  // Keys
  | 'already-there'
  | 'family'
  | 'passphrase'
  | 'key-use'
  | 'key-not-delegated'
  | 'key-unknown'
  | 'key-known'
  | 'key-needed'
  // A release's source
  | 'source-missing'
  | 'source-yaml'
  | 'source-schema'
  | 'file-missing'
  | 'graph'
  | 'dtype'
  | 'parameter'
  | 'golden'
  | 'benchmark'
  | 'reference'
  // The repository as the pinned root vouches for it
  | 'root-missing'
  | 'other-root'
  | 'floors-damaged'
  | 'metadata-refused'
  | 'not-delegated'
  // The change that would be signed
  | 'release-changed'
  | 'not-staged'
  | 'withdrawn'
  | 'manifest-digest'
  | 'manifest-schema'
  | 'manifest-identity'
  | 'blob-digest';

/** The publisher tool's own refusals: nothing was signed. */
export class PublisherError extends CodedError<PublisherErrorCode> {}
