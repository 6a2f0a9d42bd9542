import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServerStatus } from '@bellwether/control-plane/http/status-api';
import type { WebhookList, WebhookReply, WebhookTest } from '@bellwether/control-plane/webhooks/webhook-api';
import type { FleetDevice } from '../support/fleet-device.js';
import { freePort } from '../support/free-port.js';
import { startServer, type TestServer } from '../support/server.js';
import { bytesOf, refusedReport } from '../support/telemetry-messages.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

const example = fileURLToPath(new URL('../../../examples/consumers/webhook.mjs', import.meta.url));

let server: TestServer;
let device: FleetDevice;
let receiver: WebhookReceiver;
let program: ChildProcess | undefined;
beforeAll(async () => {
  [server, receiver] = await Promise.all([
    startServer(['digits'], { webhookNetworks: ['127.0.0.0/8'] }),
    startWebhookReceiver(),
  ]);
  device = await server.enrolled('camera', { site: 'north' });
});
afterEach(() => {
  program?.kill('SIGKILL');
});
afterAll(async () => {
  await server.stop();
  await receiver.stop();
});

/** The device says that it refused this version of digits: an alert of its own. */
async function refuse(sequence: number, version: string): Promise<void> {
  const client = await device.connect();
  const report = bytesOf({ ...refusedReport(device.id, version), sequence });
  await client.publishAsync(device.topic('report'), report, { qos: 1 });
  await client.endAsync();
}

const types = () => receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
const made = async (...verb: readonly string[]) =>
  JSON.parse(await server.cli('webhooks', ...verb, '--json')) as WebhookReply;

describe('webhooks of a server', () => {
  it('are told of an alert, over a restart too, and shown without their secrets', async () => {
    const { secret } = await made('add', 'pager', receiver.url, '--labels', 'site=north');
    expect(await server.cli('webhooks', 'list')).not.toContain(secret);
    receiver.answer(503);
    await refuse(1, '1.1.0');
    await receiver.untilReceived(1);
    receiver.answer(204);
    await server.restart();
    await receiver.untilReceived(2);
    expect(types()).toEqual(['alert.opened', 'alert.opened']);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(JSON.parse(receiver.received[1]?.body ?? '')).toMatchObject({
      data: { id: 'a1', rule: 'release-refused', named: [device.id] },
    });
    const waiting = async () => (await server.read<WebhookList>('/webhooks')).webhooks[0]?.waiting;
    await expect.poll(waiting).toBe(0);
    expect((await server.read<ServerStatus>('/status')).webhooks).toEqual([]);
  });

  it('are verified by the example, each message once, after a rotation too, and told nothing outside of their filters', async () => {
    // A port that was free a moment ago: the example wants the secret before it listens.
    const port = await freePort();
    const { name, secret } = await made('add', 'example', `http://127.0.0.1:${port}/`);
    const test = async () => JSON.parse(await server.cli('webhooks', 'test', name, '--json')) as WebhookTest;
    const start = async (key: string) => {
      const child = spawn(process.execPath, [example, String(port), key], { stdio: ['ignore', 'pipe', 'inherit'] });
      program = child;
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const nextLine = async () => String((await lines.next()).value);
      expect(await nextLine()).toBe(`listening on ${port}`);
      const end = async () => {
        child.kill('SIGKILL');
        await once(child, 'exit');
      };
      return { nextLine, end };
    };
    const stranger = await start(`whsec_${Buffer.alloc(32).toString('base64')}`);
    expect(await test()).toMatchObject({ isDelivered: false, status: 401, problem: 'it answered 401' });
    await stranger.end();
    const { nextLine } = await start(secret);
    await server.cli('webhooks', 'rotate', name);
    expect(await test()).toMatchObject({ isDelivered: true, status: 204, problem: null });
    expect(await nextLine()).toBe('webhook.test ');
    await made('add', 'others', receiver.url, '--rules', 'clone,drift');
    await made('add', 'quiet', receiver.url, '--severity', 'critical');
    await server.cli('webhooks', 'remove', 'pager');
    const before = receiver.received.length;
    await refuse(2, '1.2.0');
    expect(await nextLine()).toContain('alert.opened digits@1.2.0 is refused');
    // Queued in the same transaction as that of the example.
    const { webhooks } = await server.read<WebhookList>('/webhooks');
    const rest = webhooks.filter((each) => each.name !== name);
    expect(rest.map((each) => [each.name, each.waiting])).toEqual([
      ['others', 0],
      ['quiet', 0],
    ]);
    expect(receiver.received).toHaveLength(before);
  });

  it('say what is wrong with a request', async () => {
    const refused = async (body: unknown) => {
      const answer = await server.api('/webhooks', body);
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    const name = 'odd';
    expect(await refused({ name, url: 'http://10.0.0.1/' })).toEqual([422, 'webhook-impossible']);
    expect(await refused({ name: 'others', url: receiver.url })).toEqual([409, 'webhook-exists']);
    expect(await refused({ name, url: receiver.url, filter: { rules: ['nonsense'] } })).toEqual([400, 'body-invalid']);
    expect(await refused({ name, url: receiver.url, secret: 'whsec_mine' })).toEqual([400, 'body-invalid']);
    expect((await server.api('/webhooks/nobody/test', {})).status).toBe(404);
  });
});
