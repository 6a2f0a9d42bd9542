import { CodedError } from '@bellwether/shared/errors';

export type CliErrorCode =
  | 'usage'
  | 'file'
  | 'token-missing'
  | 'password-differs'
  | 'audit-broken'
  | 'head-invalid'
  | 'key-unknown'
  | 'passphrase-missing'
  | 'passphrase-weak'
  | 'passphrase-differs'
  | 'device-unknown'
  | 'fingerprint'
  | 'release-unknown'
  | 'rollout-held'
  | 'rollout-superseded'
  | 'rollout-empty'
  | 'rollout-rolled-back'
  | 'rollout-aborted'
  | 'policy'
  | 'verdict-missing'
  | 'timeout';

/** A verb that cannot go on; `usage` exits with 2, the others with 1. */
export class CliError extends CodedError<CliErrorCode> {}
