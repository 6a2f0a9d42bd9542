import { CodedError } from '@bellwether/shared/errors';

/** Why a message is not taken now: the device sends it again. */
export class IngestError extends CodedError<'device-too-fast' | 'stopping'> {}
