import { CodedError } from '@bellwether/shared/errors';
import type { VerifiedModel } from '../installs/verified-model.js';
import type { RunnerErrorCode } from './engine.js';

/** Codes of calls that were turned away before any release was asked: no evidence. */
export type TurnedAwayCode = 'unknown-model' | 'unknown-version' | 'queue-full' | 'draining';
/** Codes of calls that a release did not answer. */
export type FailedCode = Exclude<RunnerErrorCode, 'stopped'>;

/** A call that nobody answered. */
export class ServingError extends CodedError<TurnedAwayCode | FailedCode> {}

/** A call that a release was asked and did not answer, and which release that was. */
export class ReleaseFailedError extends ServingError {
  readonly release: VerifiedModel;
  /** Its code again, as narrow as it is. */
  readonly failure: FailedCode;

  constructor(code: FailedCode, message: string, release: VerifiedModel, options?: ErrorOptions) {
    super(code, message, options);
    this.release = release;
    this.failure = code;
  }
}
