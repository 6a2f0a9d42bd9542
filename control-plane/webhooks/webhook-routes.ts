import { Type } from '@bellwether/shared/schema';
import { NoDetails } from '../http/operator-api.js';
import { actorOf } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import { webhookNamePattern } from './webhook.js';
import { WebhookList, WebhookReply, WebhookRequest, WebhookTest } from './webhook-api.js';
import type { Webhooks } from './webhooks.js';

const params = Type.Object({ name: Type.String({ pattern: webhookNamePattern }) });
const tags = ['alerts'];
// A server that sends requests where it is told to is for admins only.
const config = { access: 'admin' } as const;

/** `GET /webhooks`, `POST /webhooks`, `POST /webhooks/:name/remove|rotate|test` */
export function webhookRoutes(app: TypedApp, { webhooks }: { readonly webhooks: Webhooks }): void {
  const list = () => ({ webhooks: webhooks.views() });
  const all = { summary: 'Every webhook, and how it goes', tags, response: { 200: WebhookList } };
  app.get('/webhooks', { config, schema: all }, list);
  const made = {
    summary: 'An address that is told of alerts; its secret is shown this once',
    tags,
    body: WebhookRequest,
    response: { 201: WebhookReply },
  };
  app.post('/webhooks', { config, schema: made }, async (request, reply) => {
    return reply.code(201).send(webhooks.create(request.body, actorOf(request)));
  });
  const gone = { summary: 'Tells it of nothing more', tags, params, body: NoDetails, response: { 200: WebhookList } };
  app.post('/webhooks/:name/remove', { config, schema: gone }, (request) => {
    webhooks.remove(request.params.name, actorOf(request));
    return list();
  });
  const rotated = {
    summary: 'A new secret, shown this once; the former one signs as well for a day',
    tags,
    params,
    body: NoDetails,
    response: { 200: WebhookReply },
  };
  app.post('/webhooks/:name/rotate', { config, schema: rotated }, (request) =>
    webhooks.rotate(request.params.name, actorOf(request)),
  );
  const test = {
    summary: 'Sends a message of the type webhook.test now; one that arrives enables a disabled webhook',
    tags,
    params,
    body: NoDetails,
    response: { 200: WebhookTest },
  };
  app.post('/webhooks/:name/test', { config, schema: test }, (request) =>
    webhooks.test(request.params.name, actorOf(request)),
  );
}
