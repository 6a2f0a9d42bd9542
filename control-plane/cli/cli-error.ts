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
  | 'verdict-tampered'
  | 'timeout';

/** A verb that cannot go on; failure.ts has the exit codes. */
export class CliError extends CodedError<CliErrorCode> {}
