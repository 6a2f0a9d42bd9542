import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Grant } from '@bellwether/control-plane/consumers/grant';
import { replyWithProblems } from '@bellwether/control-plane/http/error-reply';
import { checkRequests } from '@bellwether/control-plane/http/schema-check';
import { BrokerHook } from '@bellwether/control-plane/messaging/broker-hook';
import { brokerHookRoutes } from '@bellwether/control-plane/messaging/broker-hook-routes';
import { deviceTopic } from '@bellwether/shared/contract/topics';
import { silentLog } from '@bellwether/shared/log';

const device = 'pi-0123456789abcdef';
const other = 'pi-fedcba9876543210';
const grants: ReadonlyMap<string, Grant> = new Map([
  ['consumer_lake', { kinds: ['window'], labels: { site: 'a' } }],
  ['consumer_all', { kinds: ['window'], labels: {} }],
]);
const hook = new BrokerHook({
  authenticate: async (id, password) => id === device && password === 'token',
  isMember: (id) => id === device,
  consumers: {
    grantOf: (userName) => grants.get(userName),
    isPassword: (_userName, password) => password === 'word',
    labelsOf: (id) => (id === device ? { site: 'a' } : undefined),
  },
});

const app = fastify();
let url = '';
beforeAll(async () => {
  app.setValidatorCompiler(checkRequests);
  replyWithProblems(app, silentLog);
  await app.register(
    async (api) => brokerHookRoutes(api.withTypeProvider<TypeBoxTypeProvider>(), { hook, secret: 's3cret' }),
    { prefix: '/api/v1' },
  );
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

type Fields = Readonly<Record<string, string>>;
const json = (path: string, fields: Fields, secret = 's3cret') =>
  fetch(`${url}/api/v1/broker/${secret}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  });
const form = (path: string, fields: Fields) =>
  fetch(`${url}/api/v1/broker/s3cret/${path}`, { method: 'POST', body: new URLSearchParams(fields) });

const login = { username: device, password: 'token', clientid: device };
const reader = { username: 'consumer_lake', password: 'word', clientid: 'consumer_lake_7' };

describe('the hook for mosquitto', () => {
  it.each([
    [login, 200],
    [{ ...login, password: 'other' }, 403],
    [{ ...login, clientid: other }, 403],
    [reader, 200],
    [{ ...reader, clientid: device }, 403],
    [{ ...reader, password: 'other' }, 403],
    [{ ...reader, username: 'consumer_nobody', clientid: 'consumer_nobody' }, 403],
  ])('answers the login %j with %i, as JSON and as a form', async (fields, status) => {
    expect((await json('mosquitto/user', fields)).status).toBe(status);
    expect((await form('mosquitto/user', fields)).status).toBe(status);
  });

  it.each([
    [login, '2', deviceTopic(device, 'window'), 200],
    [login, '4', deviceTopic(device, 'order'), 200],
    [login, '1', deviceTopic(device, 'order'), 200],
    [login, '2', deviceTopic(other, 'window'), 403],
    [login, '4', '#', 403],
    [login, '3', deviceTopic(device, 'window'), 403],
    [{ username: other, clientid: other }, '2', deviceTopic(other, 'window'), 403],
    [reader, '4', 'bw/v1/+/+/window', 200],
    [reader, '1', deviceTopic(device, 'window'), 200],
    [reader, '1', deviceTopic(other, 'window'), 403],
    [reader, '2', deviceTopic(device, 'window'), 403],
    [{ ...reader, clientid: other }, '4', 'bw/v1/+/+/window', 403],
  ])('%j, acc %s, %s: %i', async ({ username, clientid }, acc, topic, status) => {
    expect((await form('mosquitto/acl', { username, clientid, topic, acc })).status).toBe(status);
  });

  it('knows no superuser', async () => {
    expect((await form('mosquitto/superuser', { username: device })).status).toBe(403);
  });
});

describe('the hook for EMQX', () => {
  it('answers in its words', async () => {
    expect(await (await json('emqx/user', login)).json()).toEqual({ result: 'allow', is_superuser: false });
    expect(await (await json('emqx/user', { ...login, password: 'x' })).json()).toMatchObject({ result: 'deny' });
    const acl = async (who: Fields, action: string, topic: string) =>
      ((await (await json('emqx/acl', { ...who, action, topic })).json()) as { result: string }).result;
    expect(await acl(login, 'publish', deviceTopic(device, 'report'))).toBe('allow');
    expect(await acl(login, 'subscribe', '$SYS/#')).toBe('deny');
    expect(await acl(login, 'anything', deviceTopic(device, 'report'))).toBe('deny');
    // It does not ask before deliveries: a filter must not be wider than the grant.
    expect(await acl(reader, 'subscribe', 'bw/v1/+/+/window')).toBe('deny');
    expect(await acl(reader, 'subscribe', deviceTopic(device, 'window'))).toBe('allow');
    const all = { username: 'consumer_all', clientid: 'consumer_all' };
    expect(await acl(all, 'subscribe', 'bw/v1/+/+/window')).toBe('allow');
  });
});

describe('the hook for RabbitMQ', () => {
  const ask = async (path: string, fields: Fields) => (await form(`rabbitmq/${path}`, fields)).text();
  const key = (topic: string) => topic.replaceAll('/', '.');

  it('answers in its words', async () => {
    expect(await ask('user', { username: device, password: 'token', vhost: '/', client_id: device })).toBe('allow');
    expect(await ask('user', { username: device, password: 'x' })).toBe('deny');
    expect(await ask('vhost', { username: device, vhost: '/', ip: '::1' })).toBe('allow');
    expect(await ask('vhost', { username: other, vhost: '/' })).toBe('deny');
    const resource = (username: string, kind: string, name: string, permission: string) =>
      ask('resource', { username, vhost: '/', resource: kind, name, permission });
    expect(await resource(device, 'exchange', 'amq.topic', 'write')).toBe('allow');
    expect(await resource(device, 'exchange', 'amq.topic', 'configure')).toBe('deny');
    expect(await resource(device, 'exchange', 'amq.direct', 'write')).toBe('deny');
    expect(await resource(device, 'queue', `mqtt-subscription-${device}qos1`, 'configure')).toBe('allow');
    expect(await resource(device, 'queue', `mqtt-subscription-${other}qos1`, 'read')).toBe('deny');
    const topic = (username: string, permission: string, name: string) =>
      ask('topic', { username, vhost: '/', resource: 'topic', name: 'amq.topic', permission, routing_key: key(name) });
    expect(await topic(device, 'write', deviceTopic(device, 'window'))).toBe('allow');
    expect(await topic(device, 'write', deviceTopic(other, 'window'))).toBe('deny');
    expect(await topic(device, 'read', deviceTopic(device, 'order'))).toBe('allow');
    expect(await topic('consumer_all', 'read', 'bw/v1/*/*/window')).toBe('allow');
    expect(await topic('consumer_lake', 'read', 'bw/v1/*/*/window')).toBe('deny');
    expect(await topic('consumer_all', 'read', '#')).toBe('deny');
  });
});

describe('a caller that is not the broker', () => {
  it.each(['mosquitto/user', 'emqx/user', 'rabbitmq/user'])('hears nothing from %s', async (path) => {
    const reply = await json(path, login, 'guessed');
    expect([reply.status, await reply.json()]).toMatchObject([403, { code: 'hook-secret-invalid' }]);
  });
});
