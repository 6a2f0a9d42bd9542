import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import type { IClientOptions, MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerAedes } from '@bellwether/control-plane/messaging/broker-aedes';
import { deviceTopic } from '@bellwether/shared/contract/topics';
import { silentLog } from '@bellwether/shared/log';
import { connectOnce, presence, subscribeAndWait, untilClosed } from '../../support/fleet-device.js';
import { untilClosed as untilSocketClosed } from '../../support/raw-http.js';
import { bytesOf, deviceId } from '../../support/telemetry-messages.js';

interface Taken {
  readonly device: string;
  readonly what: string;
  readonly payload: string;
}

const other = 'pi-fedcba9876543210';
const clients: MqttClient[] = [];
let broker: BrokerAedes;
let taken: Taken[] = [];
let isIn = true;
let accept: () => Promise<void> = async () => {};
let whenTaken: (message: Taken) => void = () => {};

beforeEach(async () => {
  taken = [];
  isIn = true;
  accept = async () => {};
  broker = new BrokerAedes({ host: '127.0.0.1', port: 0, log: silentLog });
  await broker.start({
    authenticate: async (_device, password) => {
      if (password === 'unreadable') throw new Error('the key cannot be read');
      // An operator decides in the very moment of the login.
      if (password === 'just-put-out') isIn = false;
      return password !== 'bad' && password !== '';
    },
    isMember: () => isIn,
    accept: async (device, what, payload) => {
      await accept();
      const message = { device, what, payload: Buffer.from(payload).toString() };
      taken.push(message);
      whenTaken(message);
    },
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  await broker.stop();
  await broker.stop();
});

async function connected(options: Parameters<typeof connectOnce>[1] = {}): Promise<MqttClient> {
  const client = await connectOnce(broker.url, {
    clientId: deviceId,
    username: deviceId,
    password: 'good',
    ...options,
  });
  clients.push(client);
  return client;
}

describe('who may connect', () => {
  it('not somebody who is put out while the login is judged', async () => {
    const will = { topic: deviceTopic(deviceId, 'presence'), payload: Buffer.from('x'), qos: 1, retain: true } as const;
    // It may see the answer to its CONNECT before it sees the end.
    const client = await connected({ password: 'just-put-out', will }).catch(() => undefined);
    if (client?.connected === true) await untilClosed(client);
    expect(client?.connected ?? false).toBe(false);
  });

  const imposters: ReadonlyArray<readonly [string, IClientOptions]> = [
    ['a wrong password', { password: 'bad' }],
    ['an empty password', { password: '' }],
    ['a password that could not be checked', { password: 'unreadable' }],
    ['another name than its client id', { username: other }],
    ['an empty client id with a persistent session', { clientId: '', clean: false }],
    ['a client id that is no device id', { clientId: 'console', username: 'console' }],
    [
      'a will on another device’s topic',
      { will: { topic: deviceTopic(other, 'presence'), payload: Buffer.from('x'), qos: 1, retain: true } },
    ],
    [
      'a will that is no presence',
      { will: { topic: deviceTopic(deviceId, 'window'), payload: Buffer.from('x'), qos: 1, retain: false } },
    ],
  ];
  it.each(imposters)('not somebody with %s', async (_name, options) => {
    await expect(connected(options)).rejects.toThrow(/./);
  });

  it('a device with its session’s token', async () => {
    expect((await connected()).connected).toBe(true);
  });
});

describe('messages upward', () => {
  it('are acknowledged after they are taken, and not before', async () => {
    const client = await connected();
    let commit = (): void => {};
    const committing = new Promise<void>((resolve) => {
      accept = () => {
        resolve();
        return new Promise<void>((committed) => {
          commit = committed;
        });
      };
    });
    let isAcknowledged = false;
    const published = client.publishAsync(deviceTopic(deviceId, 'window'), 'w', { qos: 1 }).then(() => {
      isAcknowledged = true;
    });
    await committing;
    await new Promise(setImmediate);
    expect(isAcknowledged).toBe(false);
    commit();
    await published;
    expect(taken).toEqual([{ device: deviceId, what: 'window', payload: 'w' }]);
  });

  it('are not acknowledged when they could not be stored: the connection ends instead', async () => {
    const client = await connected();
    accept = () => Promise.reject(new Error('disk full'));
    const closed = untilClosed(client);
    client.publish(deviceTopic(deviceId, 'window'), 'w', { qos: 1 });
    await closed;
    expect(taken).toEqual([]);
  });

  it.each([deviceTopic(other, 'window'), deviceTopic(deviceId, 'order'), '$SYS/x', 'anything'])(
    'are refused on %s',
    async (topic) => {
      const client = await connected();
      const closed = untilClosed(client);
      client.publish(topic, 'x', { qos: 1 });
      await closed;
      expect(taken).toEqual([]);
    },
  );
});

describe('orders', () => {
  it('are retained for a device that comes later, and reach one that is there', async () => {
    await broker.publishOrder(deviceId, bytesOf({ generation: 1 }));
    const client = await connected();
    expect(JSON.parse((await subscribeAndWait(client, deviceTopic(deviceId, 'order'))).toString())).toEqual({
      generation: 1,
    });
    const next = new Promise<string>((resolve) => {
      client.once('message', (_topic, payload) => resolve(payload.toString()));
    });
    await broker.publishOrder(deviceId, bytesOf({ generation: 2 }));
    expect(JSON.parse(await next)).toEqual({ generation: 2 });
  });

  it('may be more at once than a stack has room for, whether or not their devices are there', async () => {
    const client = await connected();
    await client.subscribeAsync(deviceTopic(deviceId, 'order'), { qos: 1 });
    const orders = [deviceId, other].flatMap((id) =>
      Array.from({ length: 6000 }, () => broker.publishOrder(id, bytesOf({}))),
    );
    await expect(Promise.all(orders)).resolves.toHaveLength(12_000);
  });

  it.each([
    deviceTopic(other, 'order'),
    '#',
    'bw/v1/+/+/order',
    `$share/g/${deviceTopic(deviceId, 'order')}`,
    '$SYS/#',
  ])('are not read by %s', async (filter) => {
    const client = await connected();
    const granted = await client.subscribeAsync(filter, { qos: 1 }).catch((cause: unknown) => cause);
    expect(JSON.stringify(granted instanceof Error ? granted.message : granted)).toMatch(
      /128|Unspecified|refused|denied/i,
    );
  });
});

describe('presence', () => {
  it('goes offline by the last will when a connection is cut', async () => {
    const will = {
      topic: deviceTopic(deviceId, 'presence'),
      payload: bytesOf(presence('offline')),
      qos: 1,
      retain: true,
    } as const;
    const client = await connected({ will });
    const offline = new Promise<Taken>((resolve) => {
      whenTaken = resolve;
    });
    client.stream.destroy();
    expect(await offline).toMatchObject({ device: deviceId, what: 'presence' });
  });

  it('ends with the connection when the device is disconnected', async () => {
    const client = await connected();
    const closed = untilClosed(client);
    broker.disconnect(deviceId);
    broker.disconnect(other);
    await closed;
  });
});

describe('what the broker bears', () => {
  it('closes a connection whose packet is too large before it has come in', async () => {
    const { hostname, port } = new URL(broker.url);
    const socket = connectSocket(Number(port), hostname);
    const closed = untilSocketClosed(socket);
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    await closed;
  });

  it('stops at once, whoever has not logged in, or comes at that moment', async () => {
    const { hostname, port } = new URL(broker.url);
    const open = () => connectSocket(Number(port), hostname);
    const silent = open();
    const closed = [untilSocketClosed(silent)];
    await once(silent, 'connect');
    closed.push(...Array.from({ length: 10 }, () => untilSocketClosed(open())));
    await broker.stop();
    expect(await Promise.all(closed)).toEqual(closed.map(() => ''));
  });

  it('says that its port is occupied, and how to choose another', async () => {
    const second = new BrokerAedes({ host: '127.0.0.1', port: Number(new URL(broker.url).port), log: silentLog });
    const handlers = { authenticate: async () => false, isMember: () => false, accept: async () => {} };
    await expect(second.start(handlers)).rejects.toMatchObject({ code: 'port-occupied' });
    await expect(second.start(handlers)).rejects.toThrow('--mqtt-port');
    await second.stop();
  });
});
