import { Type } from '@bellwether/shared/schema';
import { NoDetails } from '../http/operator-api.js';
import { actorOf } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import { consumerNamePattern } from './consumer.js';
import { ConsumerList, ConsumerReply, ConsumerRequest } from './consumer-api.js';
import type { Consumers } from './consumers.js';

const params = Type.Object({ name: Type.String({ pattern: consumerNamePattern }) });

interface ConsumerRouteParts {
  readonly consumers: Consumers;
}

/** `POST /consumers`, `GET /consumers`, `POST /consumers/:name/revoke` */
export function consumerRoutes(app: TypedApp, { consumers }: ConsumerRouteParts): void {
  const tags = ['consumers'];
  const creation = {
    summary: 'An account that reads telemetry over MQTT; its password is shown this once',
    tags,
    body: ConsumerRequest,
    response: { 201: ConsumerReply },
  };
  app.post('/consumers', { config: { access: 'admin' }, schema: creation }, async (request, reply) => {
    return reply.code(201).send(await consumers.create(request.body, actorOf(request)));
  });
  const list = async () => ({ consumers: await consumers.views() });
  app.get(
    '/consumers',
    {
      config: { access: 'admin' },
      schema: { summary: 'Every consumer account', tags, response: { 200: ConsumerList } },
    },
    list,
  );
  const revocation = {
    summary: 'Ends an account and its connections',
    tags,
    params,
    body: NoDetails,
    response: { 200: ConsumerList },
  };
  app.post('/consumers/:name/revoke', { config: { access: 'admin' }, schema: revocation }, async (request, reply) => {
    await consumers.revoke(request.params.name, actorOf(request));
    return reply.send(await list());
  });
}
