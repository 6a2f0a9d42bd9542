import { CodedError } from '@bellwether/shared/errors';

export type OperatorErrorCode =
  | 'operator-token-missing'
  | 'operator-token-invalid'
  | 'role-insufficient'
  | 'request-forged'
  | 'login-invalid'
  | 'login-locked'
  | 'login-rate'
  | 'login-busy'
  | 'not-a-login'
  | 'operator-unknown'
  | 'operator-exists'
  | 'last-admin'
  | 'password-weak'
  | 'api-token-unknown'
  | 'api-token-limit'
  | 'api-token-bounds';

/** A person, or a program of theirs, that the server does not let do this. */
export class OperatorError extends CodedError<OperatorErrorCode> {
  /** When to ask again, in seconds; undefined where that changes nothing. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: OperatorErrorCode, message: string, retryAfterSeconds?: number) {
    super(code, message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
