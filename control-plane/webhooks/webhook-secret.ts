import { createHmac } from 'node:crypto';
import type { Webhook } from './webhook.js';

/** How long the former secret signs as well after a rotation: long enough to change it at the receiver at leisure. */
export const formerSecretMs = 24 * 3_600_000;

/**
 * The key of a webhook (32 bytes): made from a secret in the folder of keys and the webhook's salt. So the database, its
 * backups and whoever reads them hold nothing to sign with.
 */
export function webhookKey(serverSecret: string, salt: string): Buffer {
  return createHmac('sha256', serverSecret).update(`webhook:${salt}`).digest();
}

/** As it is told once, and as libraries of Standard Webhooks take it. */
export function secretText(key: Uint8Array): string {
  return `whsec_${Buffer.from(key).toString('base64')}`;
}

/** The keys that sign for a webhook at this wall time, the newest first. */
export function signingKeys(
  { salt, formerSalt, formerUntilMs }: Pick<Webhook, 'salt' | 'formerSalt' | 'formerUntilMs'>,
  serverSecret: string,
  nowMs: number,
): readonly Buffer[] {
  const isFormerGood = formerSalt !== null && formerUntilMs !== null && nowMs < formerUntilMs;
  return [salt, ...(isFormerGood ? [formerSalt] : [])].map((each) => webhookKey(serverSecret, each));
}
