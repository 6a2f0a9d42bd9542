/** tuf-js's trust core and the errors that are told apart. The build replaces this file's output by a bundle of itself (docs/decisions/0009). */
export { EqualVersionError, ExpiredMetadataError } from 'tuf-js/dist/error.js';
export { TrustedMetadataStore } from 'tuf-js/dist/store.js';
