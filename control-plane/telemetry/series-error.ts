import { CodedError } from '@bellwether/shared/errors';

/** `series-impossible`: such series are not kept, the message says which are. `series-too-large`: ask for less. */
export type SeriesErrorCode = 'series-impossible' | 'series-too-large';
export class SeriesError extends CodedError<SeriesErrorCode> {}
