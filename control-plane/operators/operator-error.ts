import { CodedError } from '@bellwether/shared/errors';

export type OperatorErrorCode = 'operator-token-missing' | 'operator-token-invalid' | 'role-insufficient';

/** A person, or a program of theirs, that the server does not let do this. */
export class OperatorError extends CodedError<OperatorErrorCode> {}
