import { CodedError } from '@bellwether/shared/errors';

export type WebhookErrorCode = 'webhook-exists' | 'webhook-unknown' | 'webhook-impossible';

/** A webhook that is not there, or cannot be made. */
export class WebhookError extends CodedError<WebhookErrorCode> {}
