import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConsumerReply } from '@bellwether/control-plane/consumers/consumer-api';
import type { ServerStatus } from '@bellwether/control-plane/http/status-api';
import { serve } from '@bellwether/control-plane/main';
import { type Certificate, makeCertificate } from '../support/certificate-files.js';
import { connectOnce, untilClosed as untilConnectionClosed } from '../support/fleet-device.js';
import { untilClosed } from '../support/raw-http.js';
import { startServer, type TestServer } from '../support/server.js';

let folder: string;
let first: Certificate;
let second: Certificate;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-tls-'));
  [first, second] = [await makeCertificate(folder, 'first'), await makeCertificate(folder, 'second')];
});
afterAll(() => rm(folder, { recursive: true }));

/** The reply to a GET with the operator's token, over TLS that trusts this certificate only. */
async function get(url: string, ca: Buffer, token: string): Promise<string> {
  const request = httpsRequest(url, { ca, headers: { authorization: `Bearer ${token}` }, agent: false });
  request.end();
  const [response] = (await once(request, 'response')) as [Parameters<typeof text>[0]];
  return text(response);
}

/** The subject of the certificate that a port shows. */
async function subjectAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const subject = String(socket.getPeerCertificate().subject.CN);
  socket.destroy();
  return subject;
}

describe('a server with a certificate', () => {
  it('speaks HTTPS and MQTT over TLS, and WebSocket on the HTTPS port; a new certificate counts after SIGHUP', async () => {
    const live = { cert: join(folder, 'live.pem'), key: join(folder, 'live.key') };
    const install = async ({ cert, key }: Certificate) => {
      await copyFile(cert, live.cert);
      await copyFile(key, live.key);
    };
    await install(first);
    const ca = await readFile(first.cert);
    const server = await startServer(['digits'], { tlsCert: live.cert, tlsKey: live.key });
    try {
      expect([server.httpUrl, server.mqttUrl]).toEqual([
        expect.stringMatching(/^https:\/\/127/),
        expect.stringMatching(/^mqtts:\/\/127/),
      ]);
      const status = await get(`${server.httpUrl}/api/v1/status`, ca, server.operatorToken);
      expect(JSON.parse(status)).toMatchObject({ transport: 'tls', mqttUrl: server.mqttUrl });
      // Nobody is on the line without TLS.
      const plain = connectSocket(Number(new URL(server.mqttUrl).port), '127.0.0.1');
      const ended = untilClosed(plain);
      plain.write('GET / HTTP/1.1\r\n\r\n');
      expect(await ended).not.toContain('HTTP');
      const nobody = { username: 'consumer_x', clientId: 'consumer_x', password: 'x', ca };
      const secureSocket = server.httpUrl.replace('https', 'wss');
      for (const url of [server.mqttUrl, `${secureSocket}/mqtt`]) {
        await expect(connectOnce(url, nobody)).rejects.toThrow(/Not authorized|Bad username/);
      }

      await install(second);
      process.emit('SIGHUP');
      for (const url of [server.httpUrl, server.mqttUrl]) await expect.poll(() => subjectAt(url)).toBe('second');
    } finally {
      await server.stop();
    }
  });

  it('does not start with files that do not fit', async () => {
    const bad = serve({ data: join(folder, 'x'), tlsCert: first.cert, tlsKey: second.key, logLevel: 'silent' });
    await expect(bad).rejects.toMatchObject({ code: 'tls-unusable' });
    const half = serve({ data: join(folder, 'x'), tlsCert: first.cert, logLevel: 'silent' });
    await expect(half).rejects.toMatchObject({ code: 'config-invalid' });
  });
});

describe('a server without a certificate', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  it('does not listen on a network unless it is told by name to do it in the clear, and then says so', async () => {
    const bare = serve({ data: join(folder, 'y'), host: '0.0.0.0', httpPort: 0, mqttPort: 0, logLevel: 'silent' });
    await expect(bare).rejects.toMatchObject({ code: 'plaintext-network' });
    expect(await server.read<ServerStatus>('/status')).toMatchObject({ transport: 'loopback' });
    const open = await startServer(['digits'], { host: '0.0.0.0', insecurePlaintextNetwork: true });
    try {
      expect(await open.read<ServerStatus>('/status')).toMatchObject({ transport: 'plaintext-network' });
    } finally {
      await open.stop();
    }
  });

  it('carries MQTT over WebSocket at /mqtt of the HTTP port, for devices and consumers', async () => {
    const device = await server.enrolled('walled');
    const { token } = await device.openSession();
    const url = `${server.httpUrl.replace('http', 'ws')}/mqtt`;
    const client = await connectOnce(url, { clientId: device.id, username: device.id, password: token });
    const account = { name: 'page', grant: { kinds: ['presence'], labels: {} } };
    const { userName, password } = await server.read<ConsumerReply>('/consumers', account);
    const page = await connectOnce(url, { clientId: userName, username: userName, password });
    await page.subscribeAsync('bw/v1/+/+/presence', { qos: 1 });
    const heard = new Promise<string>((resolve) => {
      page.once('message', resolve);
    });
    await client.publishAsync(device.topic('presence'), JSON.stringify({ version: 1 }), { qos: 1 });
    expect(await heard).toBe(device.topic('presence'));
    await Promise.all([client.endAsync(), page.endAsync()]);
    for (const other of [url.replace('/mqtt', '/'), url.replace('/mqtt', '/api/v1/live')]) {
      await expect(connectOnce(other, { clientId: userName, username: userName, password })).rejects.toThrow(/./);
    }
  });

  it('stops while a device is connected over WebSocket', async () => {
    const device = await server.enrolled('still-there');
    const { token } = await device.openSession();
    const url = `${server.httpUrl.replace('http', 'ws')}/mqtt`;
    const client = await connectOnce(url, { clientId: device.id, username: device.id, password: token });
    const closed = untilConnectionClosed(client);
    await server.restart();
    await closed;
  });
});
