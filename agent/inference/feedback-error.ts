import { CodedError } from '@bellwether/shared/errors';

export type FeedbackErrorCode =
  | 'unknown-id'
  | 'already-given'
  | 'late'
  | 'no-classes'
  | 'several-rows'
  | 'unknown-label'
  | 'too-many';

/** Ground truth that is not taken; nothing was counted. */
export class FeedbackError extends CodedError<FeedbackErrorCode> {}
