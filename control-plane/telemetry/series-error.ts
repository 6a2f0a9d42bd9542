import { CodedError } from '@bellwether/shared/errors';

/** `series-impossible`: such series are not kept, the message says which are. `series-too-large`, `series-timeout`: ask for less. */
export type SeriesErrorCode = 'series-impossible' | 'series-too-large' | 'series-timeout';
export class SeriesError extends CodedError<SeriesErrorCode> {}
