import type { WebhookFilter } from './webhook-filter.js';

/** What a webhook may be called. */
export const webhookNamePattern = '^[a-z0-9][a-z0-9-]{0,40}$';

/** How it went lately; wall milliseconds. */
export interface WebhookHealth {
  /** Since when every attempt has failed; null: the last one did not. */
  readonly failingSinceMs: number | null;
  /** Nothing is sent any more, until a test delivery arrives. */
  readonly disabledAtMs: number | null;
  readonly triedAtMs: number | null;
  /** What the last attempt met; null: nothing. */
  readonly problem: string | null;
}

/** An address that is told of alerts. */
export interface Webhook extends WebhookHealth {
  readonly number: number;
  readonly name: string;
  readonly url: string;
  readonly filter: WebhookFilter;
  /** Of its secret (webhook-secret.ts), and of the one before while that still counts. */
  readonly salt: string;
  readonly formerSalt: string | null;
  readonly formerUntilMs: number | null;
  readonly createdAtMs: number;
  /** Deliveries that were given up. */
  readonly lost: number;
}
