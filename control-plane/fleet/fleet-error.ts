import { CodedError } from '@bellwether/shared/errors';

export type FleetErrorCode = 'token-invalid' | 'proof-invalid' | 'device-unknown' | 'nonce-invalid' | 'session-invalid';

/** A device that may not come in, or that nobody knows. */
export class FleetError extends CodedError<FleetErrorCode> {}
