import type { Alert } from '@bellwether/shared/contract/alert';
import type { Labels } from '@bellwether/shared/contract/http-api';
import type { Audit } from './audit/audit.js';
import type { ControlPlaneParts } from './control-plane-parts.js';
import type { TypedApp } from './http/typed-app.js';
import type { Step } from './lifecycle.js';
import { DeliveryQueueSql } from './webhooks/delivery-queue-sql.js';
import { WebhookAddresses } from './webhooks/webhook-address.js';
import { WebhookDeliveries } from './webhooks/webhook-deliveries.js';
import { webhookRoutes } from './webhooks/webhook-routes.js';
import { WebhookSenderHttp } from './webhooks/webhook-sender-http.js';
import { WebhookStoreSql } from './webhooks/webhook-store-sql.js';
import { Webhooks } from './webhooks/webhooks.js';

interface WebhookRooms {
  readonly audit: Audit;
  /** Of the devices that are in; undefined of any other. */
  readonly labelsOf: (device: string) => Labels | undefined;
  /** An alert as it is now; undefined: it is no longer kept. */
  readonly alertOf: (id: string) => Alert | undefined;
}

/** Who outside is told of alerts, and the queue of what is on its way. */
export function buildWebhooks(parts: ControlPlaneParts, { audit, ...rooms }: WebhookRooms) {
  const { clock, database, settings, version, webhookSecret: serverSecret } = parts;
  const store = new WebhookStoreSql(database.sqlite);
  const queue = new DeliveryQueueSql(database.sqlite);
  const addresses = new WebhookAddresses(settings.webhookNetworks);
  const deliveries = new WebhookDeliveries({
    store,
    queue,
    sender: new WebhookSenderHttp(addresses, { clock, version }),
    serverSecret,
    clock,
    log: parts.log.child({ room: 'webhooks' }),
    audit,
    dice: Math.random,
  });
  const webhooks = new Webhooks({ store, queue, deliveries, addresses, serverSecret, clock, audit, ...rooms });
  const step: Step = { start: () => deliveries.start(), stop: () => deliveries.stop() };
  return { webhooks, step, routes: (app: TypedApp): void => webhookRoutes(app, { webhooks }) };
}
