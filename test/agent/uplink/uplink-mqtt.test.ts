import { afterEach, describe, expect, it } from 'vitest';
import { UplinkMqtt, type UplinkMqttOptions } from '@bellwether/agent/uplink/uplink-mqtt';
import { systemClock } from '@bellwether/shared/clock';
import { decodePresence } from '@bellwether/shared/contract/presence';
import { deviceTopic } from '@bellwether/shared/contract/topics';
import { codeOf } from '@bellwether/shared/errors';
import { silentLog } from '@bellwether/shared/log';
import { type Broker, startBroker } from '../../support/broker.js';
import { ManualClock } from '../../support/manual-clock.js';

const device = 'pi-7-0123456789abcdef';
const runId = 'ab'.repeat(16);
const topic = {
  order: deviceTopic(device, 'order'),
  presence: deviceTopic(device, 'presence'),
  window: deviceTopic(device, 'window'),
};

/** An uplink that writes down what it tells, and lets a test wait for it. */
function uplinkTo(broker: { readonly url: string }, overrides: Partial<UplinkMqttOptions> = {}) {
  const clock = new ManualClock();
  const told: string[] = [];
  const waiting = new Set<() => void>();
  const tell = (what: string) => {
    told.push(what);
    for (const look of waiting) look();
  };
  let tokens = 0;
  const uplink = new UplinkMqtt({
    device,
    runId,
    openSession: () => Promise.resolve({ mqttUrl: broker.url, token: `token-${++tokens}` }),
    clock,
    log: silentLog,
    random: () => 1,
    ...overrides,
  });
  const started = {
    uplink,
    clock,
    told,
    orders: [] as string[],
    onOrder: (_payload: string): Promise<void> => Promise.resolve(),
    start: () =>
      uplink.start({
        order: async (payload) => {
          const text = Buffer.from(payload).toString();
          started.orders.push(text);
          tell(`order ${text}`);
          await started.onOrder(text);
        },
        connected: () => tell('connected'),
        disconnected: (why) => tell(`disconnected: ${why}`),
      }),
    until: (count: number, what: string) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (told.filter((line) => line.startsWith(what)).length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
  return started;
}

describe('the uplink over a real broker', () => {
  const stops: (() => Promise<void>)[] = [];
  const open = async (...options: Parameters<typeof startBroker>): Promise<Broker> => {
    const broker = await startBroker(...options);
    stops.push(() => broker.stop());
    return broker;
  };
  const agent = (...parts: Parameters<typeof uplinkTo>) => {
    const one = uplinkTo(...parts);
    stops.push(() => one.uplink.stop());
    return one;
  };
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  it('connects as the device with a session token, a clean session of MQTT 3.1.1 and a last will', async () => {
    const broker = await open();
    const { start, until } = agent(broker);
    start();
    await until(1, 'connected');
    const [connect] = broker.connects;
    expect(connect).toMatchObject({ clientId: device, username: device, clean: true, protocolVersion: 4 });
    expect(connect?.password?.toString()).toBe('token-1');
    expect(connect?.will).toMatchObject({ topic: topic.presence, qos: 1, retain: true });
    expect(decodePresence(Buffer.from(connect?.will?.payload ?? ''))).toEqual({ version: 1, state: 'offline', runId });
  });

  it('tells where it stands, and why it stands nowhere', async () => {
    const broker = await open();
    const { uplink, start, until } = agent(broker);
    expect(uplink.standing).toEqual({ connected: false, why: 'not tried yet' });
    start();
    await until(1, 'connected');
    expect(uplink.standing).toEqual({ connected: true, url: broker.url, encrypted: false });
    broker.cut();
    await until(1, 'disconnected');
    expect(uplink.standing).toMatchObject({
      connected: false,
      why: expect.stringMatching(/closed|ECONNRESET/) as string,
    });
  });

  it('says online, retained, before it tells that it is connected', async () => {
    const broker = await open();
    const { start, until } = agent(broker);
    start();
    await until(1, 'connected');
    const said = broker.messages.find((m) => m.topic === topic.presence);
    expect(said?.retain).toBe(true);
    expect(decodePresence(said?.payload ?? Buffer.of())).toEqual({ version: 1, state: 'online', runId });
  });

  it('gets the retained order on every connection', async () => {
    const broker = await open();
    await broker.publish(topic.order, 'order 1', true);
    const { start, until, orders, clock } = agent(broker);
    start();
    await until(1, 'order order 1');
    await until(1, 'connected');
    broker.cut();
    await until(1, 'disconnected');
    await clock.advanceToNext();
    await until(2, 'order order 1');
    expect(orders).toEqual(['order 1', 'order 1']);
  });

  it('uses a fresh token for every connection', async () => {
    const broker = await open();
    const { start, until, clock } = agent(broker);
    start();
    await until(1, 'connected');
    broker.cut();
    await until(1, 'disconnected');
    await clock.advanceToNext();
    await until(2, 'connected');
    expect(broker.connects.map((c) => c.password?.toString())).toEqual(['token-1', 'token-2']);
  });

  it('leaves its last will when the connection breaks, and none when it stops', async () => {
    const broker = await open();
    const first = agent(broker);
    first.start();
    await first.until(1, 'connected');
    broker.cut();
    const will = await broker.untilMessage((m) => m.topic === topic.presence && m.payload.includes('offline'));
    expect(decodePresence(will.payload).state).toBe('offline');

    await first.clock.advanceToNext();
    await first.until(2, 'connected');
    const before = broker.messages.length;
    await first.uplink.stop();
    await first.uplink.stop();
    const after = broker.messages.slice(before).filter((m) => m.topic === topic.presence);
    expect(after.map((m) => [decodePresence(m.payload).state, m.client])).toEqual([['offline', device]]);
    expect(first.uplink.connected).toBe(false);
  });

  it('publishes with QoS 1 and resolves when the broker has acknowledged', async () => {
    let acknowledge: () => void = () => {};
    const broker = await open({
      authorizePublish: (_client, packet, done) => {
        if (packet.topic === topic.window) acknowledge = () => done(null);
        else done(null);
      },
    });
    const { start, until, uplink } = agent(broker);
    start();
    await until(1, 'connected');
    let isTaken = false;
    const published = uplink.publish('window', Buffer.from('w')).then(() => {
      isTaken = true;
    });
    await uplink.publish('event', Buffer.from('e')); // a later one overtakes: the first really waits
    expect(isTaken).toBe(false);
    acknowledge();
    await published;
    expect(broker.messages.find((m) => m.topic === topic.window)?.payload.toString()).toBe('w');
  });

  it('ends a publish that is never acknowledged by its own time-out, and stays connected', async () => {
    let isDeaf = true;
    const broker = await open({
      authorizePublish: (_client, packet, done) => {
        if (packet.topic !== topic.window || !isDeaf) done(null);
      },
    });
    const { start, until, uplink, clock } = agent(broker, { publishTimeoutMs: 5000 });
    start();
    await until(1, 'connected');
    const published = uplink.publish('window', Buffer.from('w')).catch(codeOf);
    await clock.advance(5000);
    expect(await published).toBe('timeout');
    isDeaf = false;
    await uplink.publish('window', Buffer.from('again'));
    expect(uplink.connected).toBe(true);
  });

  it('stops without waiting for acknowledgements that do not come', async () => {
    const broker = await open({
      authorizePublish: (_client, packet, done) => {
        if (packet.topic !== topic.window) done(null);
      },
    });
    const { start, until, uplink } = agent(broker);
    start();
    await until(1, 'connected');
    const published = uplink.publish('window', Buffer.from('w')).catch(codeOf);
    const stopped = uplink.stop(); // nobody moves the clock
    expect(await published).toBe('closed');
    expect(await uplink.publish('event', Buffer.from('e')).catch(codeOf)).toBe('closed');
    await stopped;
  });

  it('rejects what waits when the broker denies a publish by closing the connection', async () => {
    const broker = await open({
      authorizePublish: (_client, packet, done) => done(packet.topic === topic.window ? new Error('denied') : null),
    });
    const { start, until, uplink } = agent(broker);
    start();
    await until(1, 'connected');
    await expect(uplink.publish('window', Buffer.from('w'))).rejects.toMatchObject({ code: 'closed' });
    await until(1, 'disconnected');
    await expect(uplink.publish('window', Buffer.from('w'))).rejects.toMatchObject({ code: 'not-connected' });
  });

  it('acknowledges an order when its handler has resolved, and not before', async () => {
    const broker = await open();
    const one = agent(broker);
    let finish: () => void = () => {};
    one.onOrder = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    one.start();
    await one.until(1, 'connected');
    await broker.publish(topic.order, 'order 2', true);
    await one.until(1, 'order order 2');
    // mqtt.js reads nothing more until the acknowledgement is out, not even that of a publish.
    const published = one.uplink.publish('event', Buffer.from('e'));
    await broker.untilMessage((m) => m.topic.endsWith('/event'));
    finish();
    await published;
  });

  it('takes the order again on a new connection when its handler failed', async () => {
    const broker = await open();
    await broker.publish(topic.order, 'order 3', true);
    const one = agent(broker);
    let isBroken = true;
    one.onOrder = () => (isBroken ? Promise.reject(new Error('disk full')) : Promise.resolve());
    one.start();
    await one.until(1, 'disconnected: the order could not be handled: disk full');
    isBroken = false;
    await one.clock.advanceToNext();
    await one.until(2, 'order order 3');
    await one.until(1, 'connected');
  });

  it('does not let an order handler that hangs keep the connection', async () => {
    const broker = await open();
    const one = agent(broker, { orderTimeoutMs: 1000 });
    one.onOrder = () => new Promise(() => {});
    one.start();
    await one.until(1, 'connected');
    await broker.publish(topic.order, 'order 4', true);
    await one.until(1, 'order order 4');
    await one.clock.advance(1000);
    await one.until(1, 'disconnected: the order took longer than 1000 ms');
  });

  it('waits longer after each failure, with jitter, up to a minute', async () => {
    const broker = await open({
      authenticate: (_client, _name, _password, done) => {
        done(null, false);
      },
    });
    const one = agent(broker, { random: () => 0.5 });
    one.start();
    const delays: number[] = [];
    for (let i = 1; i <= 8; i++) {
      await one.until(i, 'disconnected');
      delays.push(await one.clock.advanceToNext());
    }
    expect(delays).toEqual([750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000]);
    expect(one.told[0]).toContain('Not authorized');
    expect(one.told).not.toContain('connected');
  });

  it('begins the back-off again after a connection that lasted', async () => {
    const broker = await open();
    const one = agent(broker);
    one.start();
    await one.until(1, 'connected');
    broker.cut();
    await one.until(1, 'disconnected');
    expect(await one.clock.advanceToNext()).toBe(1000);
    await one.until(2, 'connected');
    broker.cut();
    await one.until(2, 'disconnected');
    expect(await one.clock.advanceToNext()).toBe(2000);
    await one.until(3, 'connected');
    await one.clock.advance(60_000);
    broker.cut();
    await one.until(3, 'disconnected');
    expect(await one.clock.advanceToNext()).toBe(1000);
  });

  it('tells why there is no session, and tries again', async () => {
    const broker = await open();
    let attempts = 0;
    const openSession = () =>
      ++attempts === 1
        ? Promise.reject(new Error('the server is away'))
        : Promise.resolve({ mqttUrl: broker.url, token: 't' });
    const one = agent(broker, { openSession });
    one.start();
    await one.until(1, 'disconnected: the server is away');
    await one.clock.advanceToNext();
    await one.until(1, 'connected');
  });

  it.each(['http://127.0.0.1:1', 'mqtt+unix:///tmp/x', 'nonsense', ''])('refuses the broker URL %j', async (url) => {
    const one = agent({ url });
    one.start();
    await one.until(1, `disconnected: ${url} is no MQTT URL`);
  });

  it('gives up on a subscription that the broker refuses', async () => {
    const broker = await open({ authorizeSubscribe: (_client, _subscription, done) => done(null, null) });
    const one = agent(broker);
    one.start();
    await one.until(1, 'disconnected');
    expect(one.told).toEqual([expect.stringContaining(topic.order)]);
  });

  it('gives up on a broker that never answers', async () => {
    const broker = await open({ authenticate: () => {} });
    const one = agent(broker, { publishTimeoutMs: 4000 });
    one.start();
    await one.clock.untilPending();
    await one.clock.advance(4000);
    await one.until(1, 'disconnected: the broker took longer than 4000 ms');
  });

  it('stops while it is connecting, waiting or not started', async () => {
    const silent = await open({ authenticate: () => {} });
    const connecting = agent(silent);
    connecting.start();
    await connecting.clock.untilPending();
    await connecting.uplink.stop();

    const waiting = agent({ url: 'nonsense' });
    waiting.start();
    await waiting.clock.untilPending();
    await waiting.uplink.stop();

    await agent(silent).uplink.stop();
  });

  it('never queues: without a connection a publish is refused at once', async () => {
    const { uplink } = agent({ url: 'mqtt://127.0.0.1:1' }, { clock: systemClock });
    expect(await uplink.publish('window', Buffer.from('w')).catch(codeOf)).toBe('not-connected');
  });
});
