import { CodedError } from '@bellwether/shared/errors';

export type OpenInferenceErrorCode =
  | 'malformed'
  | 'schema'
  | 'unknown-input'
  | 'missing-input'
  | 'duplicate-input'
  | 'wrong-dtype'
  | 'wrong-shape'
  | 'wrong-data'
  | 'unknown-output'
  | 'unsupported';

/** A request body that does not fit the protocol or the model; the message says which tensor and how. */
export class OpenInferenceError extends CodedError<OpenInferenceErrorCode> {}
