import type { MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConsumerReply } from '@bellwether/control-plane/consumers/consumer-api';
import type { Grant } from '@bellwether/control-plane/consumers/grant';
import { decodeFleetReleases } from '@bellwether/shared/contract/fleet-releases';
import { decodeFleetRollout } from '@bellwether/shared/contract/fleet-rollout';
import { fleetTopic } from '@bellwether/shared/contract/topics';
import { connectOnce, untilClosed } from '../support/fleet-device.js';
import { startServer, type TestServer } from '../support/server.js';
import { bytesOf, windowOf } from '../support/telemetry-messages.js';

let server: TestServer;
const clients: MqttClient[] = [];
beforeAll(async () => {
  server = await startServer();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.end(true);
});
afterAll(() => server.stop());

const made = (name: string, grant: Grant) => server.read<ConsumerReply>('/consumers', { name, grant });

async function login(
  { userName, password }: ConsumerReply,
  changes: { readonly clientId?: string; clean?: boolean } = {},
) {
  const client = await connectOnce(server.mqttUrl, { clientId: userName, username: userName, password, ...changes });
  clients.push(client);
  return client;
}

/** The topics of the messages that come, oldest first. */
function topicsOf(client: MqttClient): string[] {
  const topics: string[] = [];
  client.on('message', (topic) => topics.push(topic));
  return topics;
}

/** The first message on a topic that fits: what changes is told within a second, and what was retained before comes first. */
function messageOn<Message>(
  client: MqttClient,
  wanted: string,
  { decode, fits }: { readonly decode: (bytes: Uint8Array) => Message; readonly fits: (message: Message) => boolean },
): Promise<Message> {
  return new Promise((resolve) => {
    client.on('message', (topic, payload) => {
      if (topic !== wanted) return;
      const message = decode(payload);
      if (fits(message)) resolve(message);
    });
  });
}

describe('a consumer', () => {
  it('reads the granted kinds of devices with the labels, and nothing else', async () => {
    const [inA, inB] = [await server.enrolled('a', { site: 'a' }), await server.enrolled('b', { site: 'b' })];
    const lake = await login(await made('lake', { kinds: ['window'], labels: { site: 'a' } }));
    const topics = topicsOf(lake);
    await lake.subscribeAsync('bw/v1/+/+/window', { qos: 1 });
    for (const filter of ['#', '$SYS/#', 'bw/v1/+/+/report', inA.topic('order'), inB.topic('window')]) {
      await expect(lake.subscribeAsync(filter)).rejects.toThrow(/./);
    }
    const arrived = new Promise<void>((resolve) => {
      lake.on('message', (topic) => topic === inA.topic('window') && resolve());
    });
    for (const device of [inB, inA]) {
      const client = await device.connect();
      clients.push(client);
      await client.publishAsync(device.topic('report'), '{}', { qos: 1 });
      await client.publishAsync(device.topic('window'), bytesOf(windowOf({ device: device.id })), { qos: 1 });
    }
    await arrived;
    expect(topics).toEqual([inA.topic('window')]);
  });

  it('cannot publish, neither as itself nor for a device', async () => {
    const device = await server.enrolled('victim');
    const account = await made('writer', { kinds: ['window'], labels: {} });
    for (const topic of [device.topic('window'), device.topic('order'), 'anything']) {
      const client = await login(account);
      const closed = untilClosed(client);
      client.publish(topic, 'x', { qos: 1, retain: true });
      await closed;
    }
  });

  it('cannot take a device’s place, another consumer’s, or one without a name; its session is never kept', async () => {
    const device = await server.enrolled('taken');
    const client = await device.connect();
    clients.push(client);
    const account = await made('thief', { kinds: ['window'], labels: {} });
    for (const clientId of [device.id, 'consumer_lake', '', 'mosq-1']) {
      await expect(login(account, { clientId })).rejects.toThrow(/./);
    }
    await expect(login(account, { clean: false })).rejects.toThrow(/./);
    await expect(login({ ...account, password: 'bwc_wrong' })).rejects.toThrow(/./);
    expect(client.connected).toBe(true);
  });

  it('is thrown off when it is revoked, and stays out, over a restart too', async () => {
    const account = await made('former', { kinds: ['event'], labels: {} });
    const connections = [await login(account), await login(account, { clientId: `${account.userName}_2` })];
    const closed = Promise.all(connections.map(untilClosed));
    await server.cli('consumer', 'revoke', 'former');
    await closed;
    await expect(login(account)).rejects.toThrow(/./);
    const kept = await made('kept', { kinds: ['event'], labels: {} });
    await server.restart();
    await expect(login(account)).rejects.toThrow(/./);
    expect((await login(kept)).connected).toBe(true);
  });

  it('reads what is retained about the fleet, and again after a restart', async () => {
    const account = await made('board', { kinds: ['fleet'], labels: {} });
    await server.publishDigits('1.0.0');
    await server.read('/rollouts', { release: 'digits@1.0.0', to: { all: true } });
    for (const _start of ['first', 'second']) {
      const board = await login(account);
      const [releases, rollout] = await Promise.all([
        messageOn(board, fleetTopic('releases', 'digits'), {
          decode: decodeFleetReleases,
          fits: (message) => message.releases.some(({ production }) => production),
        }),
        messageOn(board, fleetTopic('rollouts', 'r1'), { decode: decodeFleetRollout, fits: () => true }),
        board.subscribeAsync('bw/v1/fleet/+/+', { qos: 1 }),
      ]);
      expect(releases).toMatchObject({ releases: [{ version: '1.0.0', production: true }] });
      expect(rollout).toMatchObject({ releaseVersion: '1.0.0', policy: 'direct', endedAtMs: null });
      await server.restart();
    }
    const windows = await login(await made('not-board', { kinds: ['window'], labels: {} }));
    await expect(windows.subscribeAsync('bw/v1/fleet/+/+')).rejects.toThrow(/./);
    const refused = await server.api('/consumers', {
      name: 'part',
      grant: { kinds: ['fleet'], labels: { site: 'a' } },
    });
    expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'grant-impossible' }]);
  });

  it('is made once by a name, and its password is kept nowhere', async () => {
    const { password } = await made('once', { kinds: ['event'], labels: {} });
    const again = await server.api('/consumers', { name: 'once', grant: { kinds: ['event'], labels: {} } });
    expect([again.status, await again.json()]).toMatchObject([409, { code: 'consumer-exists' }]);
    expect(JSON.stringify(await server.read('/consumers'))).not.toContain(password);
    for (const grant of [{ kinds: [], labels: {} }, { kinds: ['order'], labels: {} }, { kinds: ['event'] }]) {
      expect((await server.api('/consumers', { name: 'odd', grant })).status).toBe(400);
    }
    expect((await server.api('/consumers/nobody/revoke', {})).status).toBe(404);
  });
});
