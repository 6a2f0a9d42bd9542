import { CodedError } from '@bellwether/shared/errors';

export type ConsumerErrorCode = 'consumer-exists' | 'consumer-unknown' | 'grant-impossible';

/** A consumer account that cannot be made or found. */
export class ConsumerError extends CodedError<ConsumerErrorCode> {}
