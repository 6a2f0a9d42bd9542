import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TokenReply } from '@bellwether/control-plane/http/operator-api';
import { diesAt } from '../support/dies-at.js';
import { FleetDevice } from '../support/fleet-device.js';
import { FleetProcesses } from '../support/fleet-process.js';
import { bytesOf, refusedReport } from '../support/telemetry-messages.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';

let fleet: FleetProcesses;
let receiver: WebhookReceiver;
beforeAll(async () => {
  [fleet, receiver] = await Promise.all([
    FleetProcesses.start([], '--webhook-networks', '127.0.0.0/8'),
    startWebhookReceiver(),
  ]);
}, 60_000);
afterAll(async () => {
  await fleet.stop();
  await receiver.stop();
});

it('a server that is killed between the answer of a webhook and its mark tells it again, under the same id, and once', async () => {
  await fleet.stopServer();
  const marking = diesAt({ sql: '^delete from webhook_deliveries where number', before: true });
  const server = await fleet.startServer(marking);
  await fleet.cli('webhooks', 'add', 'pager', receiver.url);
  const device = new FleetDevice(() => fleet.httpUrl, 'camera');
  await device.enrol((await fleet.api<TokenReply>('/tokens', { labels: {} })).token);
  const client = await device.connect();
  const killed = once(server, 'exit');
  await client.publishAsync(device.topic('report'), bytesOf(refusedReport(device.id)), { qos: 1 });
  expect(await killed).toEqual([null, 'SIGKILL']);
  client.end(true);
  expect(receiver.received).toHaveLength(1);
  await fleet.startServer();
  await receiver.untilReceived(2);
  const [first, second] = receiver.received;
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(second?.body).toBe(first?.body);
  const list = async () => JSON.parse(await fleet.cli('webhooks', 'list', '--json')) as unknown;
  await expect.poll(list, { timeout: 30_000 }).toMatchObject([{ waiting: 0, lost: 0, failingSinceMs: null }]);
  expect(receiver.received).toHaveLength(2);
}, 60_000);
