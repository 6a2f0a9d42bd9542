import { CodedError } from '@bellwether/shared/errors';

export type AlertErrorCode =
  | 'alert-unknown'
  | 'alert-resolved'
  | 'silence-unknown'
  | 'silence-impossible'
  | 'rules-invalid';

/** An alert or a silence that is not there, or cannot be made; rules that cannot be read. */
export class AlertError extends CodedError<AlertErrorCode> {}
