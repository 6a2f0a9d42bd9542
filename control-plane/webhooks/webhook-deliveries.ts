import type { Clock } from '@bellwether/shared/clock';
import { codeOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { AuditTrail } from '../audit/audit-row.js';
import type { Delivery, DeliveryQueueSql } from './delivery-queue-sql.js';
import type { Webhook } from './webhook.js';
import { type Attempt, deliveryAfter, healthAfter, problemOf } from './webhook-attempt.js';
import { signingKeys } from './webhook-secret.js';
import type { WebhookSenderHttp } from './webhook-sender-http.js';
import { signedHeaders } from './webhook-signature.js';
import type { WebhookStoreSql } from './webhook-store-sql.js';

/** It is looked again at least so often, whatever the wall clock does. */
const lookEveryMs = 60_000;

interface DeliveriesParts {
  readonly store: WebhookStoreSql;
  readonly queue: DeliveryQueueSql;
  readonly sender: Pick<WebhookSenderHttp, 'send'>;
  readonly serverSecret: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditTrail;
  /** 0 … 1, of the jitter. */
  readonly dice: () => number;
}

/** Delivers what waits, to each webhook one message at a time. Sent, then marked: a crash in between sends it again under the same id. */
export class WebhookDeliveries {
  readonly #parts: DeliveriesParts;
  readonly #busy = new Map<number, Promise<void>>();
  #over: AbortController | undefined;
  #cancel: (() => void) | undefined;

  constructor(parts: DeliveriesParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#over ??= new AbortController();
    this.wake();
  }

  /** Ends what is on its way; it is sent again after the next start. */
  async stop(): Promise<void> {
    this.#over?.abort();
    this.#over = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
    await Promise.all(this.#busy.values());
  }

  /** Something waits. It is looked at after whoever calls this has committed. */
  wake(): void {
    this.#lookIn(0);
  }

  /** One signed attempt, whatever waits. */
  attempt(
    webhook: Pick<Webhook, 'url' | 'salt' | 'formerSalt' | 'formerUntilMs'>,
    { id, body }: Pick<Delivery, 'id' | 'body'>,
  ): Promise<Attempt> {
    const { clock, sender, serverSecret } = this.#parts;
    const { wallMs } = clock.now();
    const keys = signingKeys(webhook, serverSecret, wallMs);
    const headers = signedHeaders({ id, timestamp: Math.floor(wallMs / 1000), body }, keys);
    return sender.send({ url: webhook.url, headers, body }, this.#over?.signal ?? AbortSignal.abort());
  }

  #lookIn(delayMs: number): void {
    if (this.#over === undefined) return;
    this.#cancel?.();
    this.#cancel = this.#parts.clock.after(delayMs, () => this.#look());
  }

  #look(): void {
    const signal = this.#over?.signal;
    if (signal === undefined) return;
    const { store, queue, clock } = this.#parts;
    const nowMs = Math.floor(clock.now().wallMs);
    let nextInMs = lookEveryMs;
    for (const webhook of store.all()) {
      if (webhook.disabledAtMs !== null || this.#busy.has(webhook.number)) continue;
      const delivery = queue.due(webhook.number, nowMs);
      if (delivery === undefined) {
        const nextAtMs = queue.nextAtMs(webhook.number);
        if (nextAtMs !== undefined) nextInMs = Math.min(nextInMs, Math.max(1, nextAtMs - nowMs));
      } else {
        const { number } = webhook;
        const done = this.#deliver(webhook, delivery, signal).finally(() => {
          this.#busy.delete(number);
          this.wake();
        });
        this.#busy.set(number, done);
      }
    }
    this.#lookIn(nextInMs);
  }

  async #deliver(webhook: Webhook, delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#parts;
    try {
      const attempt = await this.attempt(webhook, delivery);
      // Ended by the stop: as if it had not been tried, for nobody knows whether it arrived.
      if (signal.aborted && attempt.kind !== 'delivered') return;
      this.#mark(webhook, delivery, attempt);
    } catch (cause) {
      log.error({ err: cause, code: codeOf(cause), webhook: webhook.name }, 'A delivery could not be marked');
      // It would be sent again at once, for as long as nothing can be stored.
      await clock.sleep(lookEveryMs, signal);
    }
  }

  #mark({ number, name }: Webhook, delivery: Delivery, attempt: Attempt): void {
    const { store, queue, clock, log, audit, dice } = this.#parts;
    const nowMs = Math.floor(clock.now().wallMs);
    const before = store.find(name);
    if (before?.number !== number) return;
    const attempts = delivery.attempts + 1;
    const next = deliveryAfter({ ...delivery, attempts }, attempt, { nowMs, dice: dice() });
    const settled = { isUnreachable: attempt.kind === 'unreachable', nowMs };
    queue.settle({ number: delivery.number, webhook: number }, next, settled);
    const health = healthAfter(before, attempt, nowMs);
    const isDead = health.disabledAtMs !== null && before.disabledAtMs === null;
    if (isDead) {
      const details = { failingSinceMs: health.failingSinceMs, problem: health.problem };
      audit.record({ actor: 'server', action: 'webhook.disable', subject: name, details });
    }
    store.keepHealth(number, health);
    const fields = { webhook: name, message: delivery.id, attempts, problem: problemOf(attempt) };
    if (isDead) log.error(fields, 'A webhook is dead and disabled; a test delivery that arrives enables it');
    else if (attempt.kind !== 'delivered') log.warn(fields, 'A webhook did not take a message');
  }
}
