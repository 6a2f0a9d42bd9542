import { createHmac } from 'node:crypto';

/** One attempt to deliver a message. `id` is the same at every attempt; `timestamp` in seconds is the attempt's own. */
export interface SignedAttempt {
  readonly id: string;
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The headers of an attempt by the Standard Webhooks specification (github.com/standard-webhooks/standard-webhooks): an
 * HMAC-SHA256 over `id.timestamp.body`, one for each key, with a space between.
 */
export function signedHeaders(attempt: SignedAttempt, keys: readonly Uint8Array[]): Readonly<Record<string, string>> {
  const { id, timestamp, body } = attempt;
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') };
}
