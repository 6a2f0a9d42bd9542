import { randomBytes } from 'node:crypto';
import type { Alert } from '@bellwether/shared/contract/alert';
import type { WebhookNews } from './webhook-filter.js';

/** The body of a message, as Standard Webhooks advises: `type`, `timestamp` (when it happened, ISO 8601) and `data`, an Alert (shared/contract/alert.ts) but for a test. */
export function webhookMessage(type: WebhookNews, data: Alert | { readonly webhook: string }, atMs: number): string {
  return JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data });
}

/** The id of a message: 128 random bits. */
export function newMessageId(): string {
  return `msg_${randomBytes(16).toString('hex')}`;
}
