import { once } from 'node:events';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { routeFetch } from '@bellwether/agent/uplink/dispatcher-http';
import { UplinkMqtt, type UplinkMqttOptions } from '@bellwether/agent/uplink/uplink-mqtt';
import { silentLog } from '@bellwether/shared/log';
import { certificateFor } from '../support/certificate.js';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.js';
import { ManualClock } from '../support/manual-clock.js';
import { type SecureBroker, startSecureBroker } from '../support/secure-broker.js';

/** A name that no resolver knows: who reaches it has gone through the proxy. */
const host = 'fleet.test';
const fleet = certificateFor(host);
const here = certificateFor('localhost');
const stops: (() => Promise<unknown>)[] = [];

let broker: SecureBroker;
let local: SecureBroker;

beforeAll(async () => {
  broker = await startSecureBroker(fleet);
  local = await startSecureBroker(here);
});
afterAll(() => Promise.all([broker.stop(), local.stop()]));
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function proxyWith(credentials?: string): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(credentials);
  stops.push(() => proxy.stop());
  return proxy;
}

/** `connected`, or why not. */
function attempt(mqttUrl: string, options: Partial<UplinkMqttOptions>): Promise<string> {
  const uplink = new UplinkMqtt({
    device: 'pi-7-0123456789abcdef',
    runId: 'ab'.repeat(16),
    openSession: () => Promise.resolve({ mqttUrl, token: 'token' }),
    clock: new ManualClock(),
    log: silentLog,
    random: () => 1,
    ...options,
  });
  stops.push(() => uplink.stop());
  return new Promise((resolve) => {
    uplink.start({
      order: () => Promise.resolve(),
      connected: () => resolve(uplink.standing.connected && uplink.standing.encrypted ? 'connected' : 'in plaintext'),
      disconnected: resolve,
    });
  });
}

describe('MQTT to a broker behind TLS', () => {
  it('goes over WebSocket or TCP with a given authority', async () => {
    expect(await attempt(`wss://localhost:${local.wssPort}/mqtt`, { ca: here.cert })).toBe('connected');
    expect(await attempt(`mqtts://localhost:${local.mqttsPort}`, { ca: here.cert })).toBe('connected');
  });

  it.each([{ via: 'wss' as const }, { via: 'mqtts' as const }])(
    'is refused over $via when nobody vouches for the certificate',
    async ({ via }) => {
      const url = { wss: `wss://localhost:${local.wssPort}/mqtt`, mqtts: `mqtts://localhost:${local.mqttsPort}` }[via];
      expect(await attempt(url, {})).toMatch(/self-signed certificate/);
    },
  );

  it('is refused when the certificate is of another name', async () => {
    const wrong = { wss: `wss://localhost:${broker.wssPort}/mqtt`, mqtts: `mqtts://localhost:${broker.mqttsPort}` };
    expect(await attempt(wrong.wss, { ca: fleet.cert })).toMatch(/Hostname\/IP does not match/);
    expect(await attempt(wrong.mqtts, { ca: fleet.cert })).toMatch(/Hostname\/IP does not match/);
  });
});

describe('MQTT through a proxy', () => {
  it('goes over WebSocket or TCP, and leaves the name to the proxy', async () => {
    const proxy = await proxyWith();
    const settings = { proxy: { https: proxy.url }, ca: fleet.cert };
    expect(await attempt(`wss://${host}:${broker.wssPort}/mqtt`, settings)).toBe('connected');
    expect(await attempt(`mqtts://${host}:${broker.mqttsPort}`, settings)).toBe('connected');
    expect(proxy.connects).toEqual([`${host}:${broker.wssPort}`, `${host}:${broker.mqttsPort}`]);
  });

  it('does not trust the proxy: a certificate of another name, or of nobody known, ends it', async () => {
    const proxy = await proxyWith();
    const through = (ca: string | undefined) => ({ proxy: { https: proxy.url }, ca });
    expect(await attempt(`wss://${host}:${local.wssPort}/mqtt`, through(here.cert))).toMatch(/does not match/);
    expect(await attempt(`mqtts://${host}:${local.mqttsPort}`, through(here.cert))).toMatch(/does not match/);
    expect(await attempt(`wss://${host}:${broker.wssPort}/mqtt`, through(undefined))).toMatch(/self-signed/);
  });

  it('shows its credentials, and says what a proxy answers that wants others', async () => {
    const proxy = await proxyWith('agent:s3cret');
    const url = `wss://${host}:${broker.wssPort}/mqtt`;
    const known = proxy.url.replace('//', '//agent:s3cret@');
    expect(await attempt(url, { proxy: { https: known }, ca: fleet.cert })).toBe('connected');
    expect(await attempt(url, { proxy: { https: proxy.url }, ca: fleet.cert })).toMatch(/answered 407 to CONNECT/);
  });

  it('is not asked for what NO_PROXY names', async () => {
    const proxy = await proxyWith();
    const settings = { proxy: { https: proxy.url, noProxy: 'test' }, ca: fleet.cert };
    expect(await attempt(`wss://${host}:${broker.wssPort}/mqtt`, settings)).toMatch(/ENOTFOUND|EAI_AGAIN/);
    expect(proxy.connects).toEqual([]);
  });

  it('gives a deaf proxy no more time than a deaf broker', async () => {
    const deaf = createTcpServer();
    const asked = new Promise<void>((resolve) => {
      deaf.on('connection', (socket) => {
        socket.once('data', () => resolve());
        stops.push(() => Promise.resolve(socket.destroy()));
      });
    });
    deaf.listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    stops.push(() => Promise.resolve(deaf.close()));
    const proxy = { https: `http://127.0.0.1:${(deaf.address() as AddressInfo).port}` };
    const clock = new ManualClock();
    const outcome = attempt(`wss://${host}:1/mqtt`, { proxy, clock, publishTimeoutMs: 5_000 });
    await asked;
    await clock.advance(5_000);
    expect(await outcome).toMatch(/through the proxy 127\.0\.0\.1/);
  });
});

describe('fetch in an agent', () => {
  it('goes through the proxy, and trusts the given authority and the right name only', async () => {
    const proxy = await proxyWith();
    const server = createServer(fleet, (_request, response) => response.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    stops.push(() => new Promise((resolve) => server.close(resolve)));
    const get = async (name: string, ca: string | undefined) => {
      const undo = routeFetch({ proxy: { https: proxy.url }, ca });
      try {
        return await (await fetch(`https://${name}:${port}/`)).text();
      } catch (error) {
        return String(error instanceof Error ? error.cause : error);
      } finally {
        await undo();
      }
    };
    expect(await get(host, fleet.cert)).toBe('hello');
    expect(proxy.connects).toEqual([`${host}:${port}`]);
    expect(await get(host, here.cert)).toMatch(/self-signed|unable to verify/);
    expect(await get('other.test', fleet.cert)).toMatch(/does not match/);
    expect(await get('localhost', fleet.cert)).toMatch(/does not match/);
    expect(proxy.connects).toHaveLength(3);
  });
});
