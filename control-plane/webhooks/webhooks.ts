import { randomBytes } from 'node:crypto';
import type { Clock } from '@bellwether/shared/clock';
import type { Alert } from '@bellwether/shared/contract/alert';
import type { Labels } from '@bellwether/shared/contract/http-api';
import type { ToldAlert } from '../alerts/alerts.js';
import type { Actor, AuditTrail } from '../audit/audit-row.js';
import type { WebhookTrouble } from '../http/status-api.js';
import type { DeliveryQueueSql } from './delivery-queue-sql.js';
import type { Webhook } from './webhook.js';
import { refusal, type WebhookAddresses } from './webhook-address.js';
import type { WebhookReply, WebhookRequest, WebhookTest, WebhookView } from './webhook-api.js';
import { healthAfter, problemOf } from './webhook-attempt.js';
import type { WebhookDeliveries } from './webhook-deliveries.js';
import { WebhookError } from './webhook-error.js';
import { newsFor } from './webhook-filter.js';
import { newMessageId, webhookMessage } from './webhook-message.js';
import { formerSecretMs, secretText, webhookKey } from './webhook-secret.js';
import type { WebhookStoreSql } from './webhook-store-sql.js';

const maxWebhooks = 32;
/** A receiver that is started anew is no trouble. */
const troubleAfterMs = 15 * 60_000;

interface WebhooksParts {
  readonly store: WebhookStoreSql;
  readonly queue: DeliveryQueueSql;
  readonly deliveries: Pick<WebhookDeliveries, 'attempt' | 'wake'>;
  readonly addresses: WebhookAddresses;
  readonly serverSecret: string;
  readonly clock: Clock;
  readonly audit: AuditTrail;
  readonly labelsOf: (device: string) => Labels | undefined;
  /** An alert as it is now; undefined: it is no longer kept. */
  readonly alertOf: (id: string) => Alert | undefined;
}

/** The webhooks: who is told, of what. The database is the truth; the audit log is written before it [T-14]. */
export class Webhooks {
  readonly #parts: WebhooksParts;

  constructor(parts: WebhooksParts) {
    this.#parts = parts;
  }

  /** Queues what each webhook is to be told. Called within the transaction that stores the alerts: both are there, or neither. */
  tell(told: readonly ToldAlert[]): void {
    const { store, queue, labelsOf, deliveries } = this.#parts;
    const nowMs = this.#now();
    for (const { number, filter, disabledAtMs } of store.all()) {
      if (disabledAtMs !== null) continue;
      for (const each of told) {
        const { alert } = each;
        const type = newsFor(each, { filter, before: queue.toldSeverity(number, alert.id), labelsOf });
        if (type === undefined) continue;
        queue.keepTold(number, alert.id, alert.state === 'resolved' ? null : alert.severity);
        const body = webhookMessage(type, alert, nowMs);
        queue.add({ webhook: number, id: newMessageId(), alert: alert.id, body, nowMs });
      }
    }
    deliveries.wake();
  }

  /** Makes one; its secret is told this once. Throws WebhookError `webhook-exists`, `webhook-impossible`. */
  create({ name, url, filter = {} }: WebhookRequest, by: Actor): WebhookReply {
    const { store, audit } = this.#parts;
    const all = store.all();
    if (all.some((each) => each.name === name))
      throw new WebhookError('webhook-exists', `there is a webhook ${name} already`);
    if (all.length >= maxWebhooks) throw new WebhookError('webhook-impossible', `there are ${maxWebhooks} already`);
    const checked = this.#checked(url);
    const whole = { severity: 'info' as const, rules: [], labels: {}, changes: false, ...filter };
    // The host only: the rest of a URL may be the secret of whoever receives it.
    const details = { host: checked.host, filter: JSON.stringify(whole) };
    audit.record({ actor: by, action: 'webhook.create', subject: name, details });
    store.insert({ name, url: checked.href, filter: whole, salt: newSalt(), createdAtMs: this.#now() });
    return this.#reply(this.#get(name));
  }

  /** The oldest first. */
  views(): WebhookView[] {
    return this.#parts.store.all().map((each) => this.#view(each));
  }

  /** Throws WebhookError `webhook-unknown`. What waits for it is given up. */
  remove(name: string, by: Actor): void {
    const { store, audit } = this.#parts;
    const { number } = this.#get(name);
    audit.record({ actor: by, action: 'webhook.remove', subject: name });
    store.remove(number);
  }

  /** A new secret; the former one signs as well for a day. Throws WebhookError `webhook-unknown`. */
  rotate(name: string, by: Actor): WebhookReply {
    const { store, audit } = this.#parts;
    const { number, salt } = this.#get(name);
    audit.record({ actor: by, action: 'webhook.rotate', subject: name });
    store.rotate(number, { salt: newSalt(), formerSalt: salt, formerUntilMs: this.#now() + formerSecretMs });
    return this.#reply(this.#get(name));
  }

  /** Sends one message now. One that arrives enables a webhook again, and then it hears the end of what it knows of. Throws WebhookError `webhook-unknown`. */
  async test(name: string, by: Actor): Promise<WebhookTest> {
    const { store, audit, clock, deliveries } = this.#parts;
    const webhook = this.#get(name);
    audit.record({ actor: by, action: 'webhook.test', subject: name });
    const before = clock.now();
    const body = webhookMessage('webhook.test', { webhook: name }, Math.floor(before.wallMs));
    const attempt = await deliveries.attempt(webhook, { id: newMessageId(), body });
    const tookMs = Math.round(clock.now().monotonicMs - before.monotonicMs);
    const after = store.find(name);
    if (attempt.kind === 'delivered' && after !== undefined) {
      store.keepHealth(after.number, healthAfter(after, attempt, this.#now()));
      if (after.disabledAtMs !== null) this.#tellEnds(after.number);
      deliveries.wake();
    }
    return { isDelivered: attempt.kind === 'delivered', status: attempt.status, problem: problemOf(attempt), tookMs };
  }

  /** What ended while it was disabled: otherwise it would last for ever with the receiver. */
  #tellEnds(webhook: number): void {
    const { queue, alertOf } = this.#parts;
    const nowMs = this.#now();
    queue.together(() => {
      for (const id of queue.told(webhook)) {
        const alert = alertOf(id);
        if (alert !== undefined && alert.state !== 'resolved') continue;
        queue.keepTold(webhook, id, null);
        if (alert === undefined) continue;
        const body = webhookMessage('alert.resolved', alert, nowMs);
        queue.add({ webhook, id: newMessageId(), alert: id, body, nowMs });
      }
    });
  }

  /** Those that are disabled, or have failed for a while. */
  troubles(): WebhookTrouble[] {
    const nowMs = this.#now();
    return this.#parts.store.all().flatMap(({ name, failingSinceMs, disabledAtMs, problem }) => {
      if (failingSinceMs === null || (disabledAtMs === null && nowMs - failingSinceMs < troubleAfterMs)) return [];
      return [{ name, sinceMs: failingSinceMs, isDisabled: disabledAtMs !== null, problem: problem ?? '' }];
    });
  }

  #checked(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.hash !== '')
      throw new WebhookError('webhook-impossible', 'a webhook is sent to a URL that begins with https:// or http://');
    if (url.username !== '' || url.password !== '')
      throw new WebhookError('webhook-impossible', 'a webhook’s URL holds no user name and no password: it is signed');
    if (!this.#parts.addresses.isAllowedHost(url.hostname))
      throw new WebhookError('webhook-impossible', refusal(url.hostname));
    return url;
  }

  #get(name: string): Webhook {
    const webhook = this.#parts.store.find(name);
    if (webhook === undefined) throw new WebhookError('webhook-unknown', `there is no webhook ${name}`);
    return webhook;
  }

  #reply(webhook: Webhook): WebhookReply {
    const secret = secretText(webhookKey(this.#parts.serverSecret, webhook.salt));
    return { ...this.#view(webhook), secret };
  }

  #view({ number, name, url, filter, createdAtMs, lost, ...rest }: Webhook): WebhookView {
    const { formerUntilMs, failingSinceMs, disabledAtMs, triedAtMs, problem } = rest;
    const isFormerGood = formerUntilMs !== null && this.#now() < formerUntilMs;
    return {
      name,
      url,
      filter,
      createdAtMs,
      formerUntilMs: isFormerGood ? formerUntilMs : null,
      failingSinceMs,
      disabledAtMs,
      triedAtMs,
      problem,
      waiting: this.#parts.queue.waiting(number),
      lost,
    };
  }

  #now(): number {
    return Math.floor(this.#parts.clock.now().wallMs);
  }
}

function newSalt(): string {
  return randomBytes(16).toString('hex');
}
