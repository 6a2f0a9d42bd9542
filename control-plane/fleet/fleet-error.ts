import { CodedError } from '@bellwether/shared/errors';

export type FleetErrorCode =
  | 'token-invalid'
  | 'token-expired'
  | 'token-spent'
  | 'token-revoked'
  | 'token-unknown'
  | 'key-taken'
  | 'proof-invalid'
  | 'device-unknown'
  | 'approval-pending'
  | 'device-rejected'
  | 'device-decommissioned'
  | 'standing-conflict'
  | 'rotation-unknown'
  | 'nonce-invalid'
  | 'session-invalid';

/** A device that may not come in, or that nobody knows. */
export class FleetError extends CodedError<FleetErrorCode> {}
