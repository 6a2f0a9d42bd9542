import { CodedError } from '@bellwether/shared/errors';
import { type Static, Type } from '@bellwether/shared/schema';
import { secretsEqual } from '@bellwether/shared/signing/digest';
import { userOfClientId } from '../consumers/consumer.js';
import type { TypedApp } from '../http/typed-app.js';
import type { TopicAsk } from './broker-access.js';
import type { BrokerHook } from './broker-hook.js';

/** The caller is not the broker. */
export class HookError extends CodedError<'hook-secret-invalid'> {}

const text = Type.String({ maxLength: 2048 });
const params = Type.Object({ secret: Type.String({ minLength: 1, maxLength: 200 }) });

/** Brokers send more than these fields, and each version others: the rest is not looked at. */
const Login = Type.Object({ username: text, password: text, clientid: Type.Optional(text) });
const MosquittoAcl = Type.Object({
  username: text,
  clientid: text,
  topic: text,
  acc: Type.Union([Type.Integer(), Type.String({ pattern: '^[0-9]$' })]),
});
const EmqxAcl = Type.Object({ username: text, clientid: text, topic: text, action: text });
const RabbitUser = Type.Object({ username: text, password: text, client_id: Type.Optional(text) });
const RabbitVhost = Type.Object({ username: text });
const RabbitResource = Type.Object({ username: text, resource: text, name: text, permission: text });
const RabbitTopic = Type.Object({ username: text, name: text, permission: text, routing_key: text });

interface HookRouteParts {
  readonly hook: BrokerHook;
  /** Stands in the path, because not every broker can send a header of its own. */
  readonly secret: string;
}

const config = { access: 'device' } as const;
/** mosquitto's MOSQ_ACL_READ, asked before each delivery; MOSQ_ACL_WRITE; MOSQ_ACL_SUBSCRIBE. */
const mosquittoActions: ReadonlyMap<number, TopicAsk['action']> = new Map([
  [1, 'receive'],
  [2, 'publish'],
  [4, 'subscribe'],
]);

/** The routes below `/broker/<secret>/`, in the words of each broker. */
export function brokerHookRoutes(app: TypedApp, { hook, secret }: HookRouteParts): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body.toString()))),
  );
  app.addHook('preValidation', async (request) => {
    if (!secretsEqual(secretIn(request.params), secret))
      throw new HookError('hook-secret-invalid', 'this is not the broker’s secret');
  });
  mosquittoRoutes(app, hook);
  emqxRoutes(app, hook);
  rabbitRoutes(app, hook);
}

function secretIn(given: unknown): string {
  const has = typeof given === 'object' && given !== null && 'secret' in given;
  return has && typeof given.secret === 'string' ? given.secret : '';
}

/** mosquitto-go-auth's http backend, parameters as JSON or as a form, answered by status. */
function mosquittoRoutes(app: TypedApp, hook: BrokerHook): void {
  const at = '/broker/:secret/mosquitto';
  const status = (isAllowed: boolean) => (isAllowed ? 200 : 403);
  app.post(`${at}/user`, { config, schema: { hide: true, params, body: Login } }, async ({ body }, reply) =>
    reply.code(status(await hook.isLogin(body.username, body.password, body.clientid ?? ''))).send(),
  );
  app.post(`${at}/superuser`, { config, schema: { hide: true, params } }, async (_request, reply) =>
    reply.code(status(false)).send(),
  );
  app.post(`${at}/acl`, { config, schema: { hide: true, params, body: MosquittoAcl } }, async ({ body }, reply) => {
    const action = mosquittoActions.get(Number(body.acc));
    const { username: userName, clientid: clientId, topic } = body;
    const isAllowed =
      action !== undefined && hook.mayUse({ userName, clientId, action, topic, checksDeliveries: true });
    return reply.code(status(isAllowed)).send();
  });
}

/** EMQX 5's HTTP authenticator and authorizer, answered by `result`. It does not ask before deliveries. */
function emqxRoutes(app: TypedApp, hook: BrokerHook): void {
  const at = '/broker/:secret/emqx';
  const result = (isAllowed: boolean) => ({ result: isAllowed ? 'allow' : 'deny' });
  app.post(`${at}/user`, { config, schema: { hide: true, params, body: Login } }, async ({ body }, reply) => {
    const isLogin = await hook.isLogin(body.username, body.password, body.clientid ?? '');
    return reply.send({ ...result(isLogin), is_superuser: false });
  });
  app.post(`${at}/acl`, { config, schema: { hide: true, params, body: EmqxAcl } }, async ({ body }, reply) => {
    const { username: userName, clientid: clientId, topic, action } = body;
    const isKnownAction = action === 'publish' || action === 'subscribe';
    return reply.send(
      result(isKnownAction && hook.mayUse({ userName, clientId, action, topic, checksDeliveries: false })),
    );
  });
}

/** RabbitMQ's auth_backend_http with the MQTT plugin, answered by text. Topics come as routing keys: `.` for `/`, `*` for `+`. */
function rabbitRoutes(app: TypedApp, hook: BrokerHook): void {
  const at = '/broker/:secret/rabbitmq';
  const words = (isAllowed: boolean) => (isAllowed ? 'allow' : 'deny');
  app.post(`${at}/user`, { config, schema: { hide: true, params, body: RabbitUser } }, async ({ body }, reply) =>
    reply.type('text/plain').send(words(await hook.isLogin(body.username, body.password, body.client_id ?? ''))),
  );
  app.post(`${at}/vhost`, { config, schema: { hide: true, params, body: RabbitVhost } }, async ({ body }, reply) =>
    reply.type('text/plain').send(words(hook.isKnown(body.username))),
  );
  app.post(
    `${at}/resource`,
    { config, schema: { hide: true, params, body: RabbitResource } },
    async ({ body }, reply) => reply.type('text/plain').send(words(hook.isKnown(body.username) && isOwnResource(body))),
  );
  app.post(`${at}/topic`, { config, schema: { hide: true, params, body: RabbitTopic } }, async ({ body }, reply) => {
    const topic = body.routing_key.replaceAll('.', '/').replaceAll('*', '+');
    const action = body.permission === 'write' ? 'publish' : 'subscribe';
    const ask = { userName: body.username, clientId: '', action, topic, checksDeliveries: false } as const;
    return reply.type('text/plain').send(words(body.name === 'amq.topic' && hook.mayUse(ask)));
  });
}

/** The MQTT plugin publishes through `amq.topic` and keeps one queue for each subscriber, named after its client id. */
function isOwnResource({ username, resource, name, permission }: Static<typeof RabbitResource>): boolean {
  if (resource === 'exchange') return name === 'amq.topic' && permission !== 'configure';
  const queue = /^mqtt-subscription-(.+)qos[01]$/.exec(name)?.[1];
  return resource === 'queue' && queue !== undefined && (queue === username || userOfClientId(queue) === username);
}
