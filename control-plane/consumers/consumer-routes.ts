import { Type } from '@bellwether/shared/schema';
import type { AuditTrail } from '../audit/audit-row.js';
import { NoDetails } from '../http/operator-api.js';
import { actorOf } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import { consumerNamePattern } from './consumer.js';
import { ConsumerList, ConsumerReply, ConsumerRequest } from './consumer-api.js';
import type { Consumers } from './consumers.js';

const params = Type.Object({ name: Type.String({ pattern: consumerNamePattern }) });

interface ConsumerRouteParts {
  readonly consumers: Consumers;
  readonly audit: AuditTrail;
}

/** `POST /consumers`, `GET /consumers`, `POST /consumers/:name/revoke` */
export function consumerRoutes(app: TypedApp, { consumers, audit }: ConsumerRouteParts): void {
  const tags = ['consumers'];
  const creation = {
    summary: 'An account that reads telemetry over MQTT; its password is shown this once',
    tags,
    body: ConsumerRequest,
    response: { 201: ConsumerReply },
  };
  app.post('/consumers', { config: { access: 'admin' }, schema: creation }, async (request, reply) => {
    const { name, grant } = request.body;
    const created = await consumers.create(request.body);
    const details = { kinds: grant.kinds.join(), labels: JSON.stringify(grant.labels) };
    audit.record({ actor: actorOf(request), action: 'consumer.create', subject: name, details });
    return reply.code(201).send(created);
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
    const { name } = request.params;
    await consumers.revoke(name);
    audit.record({ actor: actorOf(request), action: 'consumer.revoke', subject: name });
    return reply.send(await list());
  });
}
