import { CodedError } from '@bellwether/shared/errors';
import type { ReadingKind } from './readings.js';

/** There is no answer, or none in time: too many questions wait, the question is too large, the database cannot be read, or the server is stopping. */
export type ReadingErrorCode = `${ReadingKind}-timeout`;
export class ReadingError extends CodedError<ReadingErrorCode> {}
