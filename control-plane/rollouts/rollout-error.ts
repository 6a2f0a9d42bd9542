import { CodedError } from '@bellwether/shared/errors';

export type RolloutErrorCode =
  | 'release-malformed'
  | 'release-unknown'
  | 'release-not-approved'
  | 'release-withdrawn'
  | 'rollout-unknown'
  | 'policy-unknown'
  | 'policy-newer'
  | 'policy-impossible'
  | 'no-stable'
  | 'rollout-overlaps'
  | 'action-conflict'
  | 'hold-unknown'
  | 'verdict-unknown';

/** A rollout that cannot be, or is not there. */
export class RolloutError extends CodedError<RolloutErrorCode> {}
