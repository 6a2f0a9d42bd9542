import type { WebhookHealth } from './webhook.js';

/** How an attempt ended. */
export type Attempt =
  /** 2xx. */
  | { readonly kind: 'delivered'; readonly status: number }
  /** The receiver answered 4xx or 3xx: it is there, and does not want this one, or not like this. */
  | { readonly kind: 'refused'; readonly status: number; readonly retryAfterMs: number | null }
  /** No answer, or 5xx or 429. */
  | {
      readonly kind: 'unreachable';
      readonly status: number | null;
      readonly problem: string;
      readonly retryAfterMs: number | null;
    };

const firstMs = 5_000;
const maxMs = 3_600_000;
/** What is a day old is no news. */
export const givenUpMs = 24 * 3_600_000;
/** A webhook that has failed so long is disabled. */
export const disabledAfterMs = 3 * 24 * 3_600_000;
/** Without an attempt for so long nobody knows how it was meanwhile. */
const unknownMs = 3 * maxMs;
const gone = 410;

/** What becomes of the delivery. */
export type DeliveryNext =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly atMs: number }
  | { readonly kind: 'lost' };

interface Tried {
  readonly createdAtMs: number;
  /** With this one. */
  readonly attempts: number;
}

/**
 * What becomes of a delivery after its `attempts`-th attempt: tried again after 5 s, doubled up to an hour, each between half
 * and all of it by `dice` in 0 … 1, for 24 hours. A receiver that asks for more time gets it, up to an hour.
 */
export function deliveryAfter(
  { createdAtMs, attempts }: Tried,
  attempt: Attempt,
  { nowMs, dice }: { readonly nowMs: number; readonly dice: number },
): DeliveryNext {
  if (attempt.kind === 'delivered') return { kind: 'done' };
  const ceilingMs = Math.min(maxMs, firstMs * 2 ** Math.min(attempts - 1, 20));
  const asked = Math.min(maxMs, attempt.retryAfterMs ?? 0);
  const atMs = nowMs + Math.max(asked, Math.round(ceilingMs * (0.5 + dice / 2)));
  return atMs - createdAtMs >= givenUpMs ? { kind: 'lost' } : { kind: 'again', atMs };
}

/** How a webhook is after an attempt: disabled when it has failed for three days, or says that it is gone for ever (410). */
export function healthAfter(health: WebhookHealth, attempt: Attempt, nowMs: number): WebhookHealth {
  if (attempt.kind === 'delivered') {
    return { failingSinceMs: null, disabledAtMs: null, triedAtMs: nowMs, problem: null };
  }
  const { failingSinceMs, triedAtMs, disabledAtMs } = health;
  const isKnown = triedAtMs !== null && nowMs - triedAtMs <= unknownMs;
  const sinceMs = isKnown && failingSinceMs !== null ? failingSinceMs : nowMs;
  const isDead = nowMs - sinceMs >= disabledAfterMs || attempt.status === gone;
  return {
    failingSinceMs: sinceMs,
    disabledAtMs: disabledAtMs ?? (isDead ? nowMs : null),
    triedAtMs: nowMs,
    problem: problemOf(attempt),
  };
}

/** What an attempt met, for people; null: nothing. */
export function problemOf(attempt: Attempt): string | null {
  switch (attempt.kind) {
    case 'delivered':
      return null;
    case 'refused':
      return `it answered ${attempt.status}`;
    case 'unreachable':
      return attempt.problem;
  }
}
