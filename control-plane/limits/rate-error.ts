import { CodedError } from '@bellwether/shared/errors';

/** Somebody asks more often than they may. */
export class RateError extends CodedError<'device-rate'> {
  readonly retryAfterSeconds: number;

  constructor(code: 'device-rate', message: string, retryAfterSeconds: number) {
    super(code, message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
