import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnrolmentHttp } from '@bellwether/agent/identity/enrolment-http';
import type { EnrolledIdentity } from '@bellwether/agent/identity/identity';
import { openIdentity } from '@bellwether/agent/identity/identity-disk';
import { Membership } from '@bellwether/agent/identity/membership';
import { systemClock } from '@bellwether/shared/clock';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import {
  EnrolmentPayload,
  EnrolmentRequest,
  NonceRequest,
  SessionPayload,
  SessionRequest,
} from '@bellwether/shared/contract/http-api';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { silentLog } from '@bellwether/shared/log';
import { Compile } from '@bellwether/shared/schema';
import { sha256 } from '@bellwether/shared/signing/digest';
import { openEnvelope } from '@bellwether/shared/signing/envelope';
import { ManualClock } from '../../support/manual-clock.js';

const schemas = {
  enrolment: Compile(EnrolmentRequest),
  enrolmentPayload: Compile(EnrolmentPayload),
  nonce: Compile(NonceRequest),
  session: Compile(SessionRequest),
  sessionPayload: Compile(SessionPayload),
};
const joinToken = 'join-0123456789abcdef';
const serverNonce = '5'.repeat(64);
const limits = { what: 'body', maxBytes: 64 * 1024 };
const never = new AbortController().signal;

type Answer = (request: IncomingMessage, body: Buffer, response: ServerResponse) => void;

/** Each test says what the real HTTP server answers; `correct` is what the control plane does. */
describe('enrolment and sessions over HTTP', () => {
  let folder = '';
  let server: Server;
  let url = '';
  let identity: EnrolledIdentity;
  let answer: Answer;
  const asked: string[] = [];

  const reply = (response: ServerResponse, status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const problem = (response: ServerResponse, status: number, code: string): void => {
    reply(response, status, { type: 'about:blank', title: 'No', status, code, detail: 'because' });
  };
  const signedBy = (type: 'enrolment' | 'session', envelope: unknown): Uint8Array =>
    openEnvelope(type, Buffer.from(JSON.stringify(envelope)), [identity.publicKey], 10_000).payload;

  const correct: Answer = (request, body, response) => {
    if (request.url === '/api/v1/enrolments') {
      const { joinToken: token, envelope } = decodeDocument(schemas.enrolment, body, limits);
      const payload = decodeDocument(schemas.enrolmentPayload, signedBy('enrolment', envelope), limits);
      expect(payload).toMatchObject({
        name: 'pi-7',
        public: identity.publicKey,
        tokenDigest: sha256(Buffer.from(token)),
      });
      reply(response, 201, { device: identity.device, labels: { site: 'a' } });
    } else if (request.url === '/api/v1/sessions/nonce') {
      expect(decodeDocument(schemas.nonce, body, limits).device).toBe(identity.device);
      reply(response, 200, { nonce: serverNonce });
    } else {
      const { envelope } = decodeDocument(schemas.session, body, limits);
      const payload = decodeDocument(schemas.sessionPayload, signedBy('session', envelope), limits);
      expect(payload).toMatchObject({ device: identity.device, serverNonce, audience: 'mqtt' });
      const time = { deviceNonce: payload.deviceNonce };
      reply(response, 200, { token: 'jwt', expiresInSeconds: 600, mqttUrl: 'mqtt://h:1', time });
    }
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-enrolment-'));
    identity = await openIdentity(folder, 'pi-7');
    asked.length = 0;
    answer = correct;
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        asked.push(`${request.method} ${request.url}`);
        answer(request, Buffer.concat(chunks), response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  const client = (clock = systemClock) => new EnrolmentHttp({ serverUrl: `${url}/`, clock });

  it('enrols with the join token and proves that it holds its key', async () => {
    await client().enrol(identity, joinToken, never);
    expect(asked).toEqual(['POST /api/v1/enrolments']);
  });

  it('opens a session by signing the nonce of the server, and gets time bound to its own', async () => {
    const session = await client().openSession(identity, 'mqtt', never);
    expect(session).toMatchObject({ token: 'jwt', expiresInSeconds: 600, mqttUrl: 'mqtt://h:1' });
    expect(session.deviceNonce).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.parse(Buffer.from(session.time).toString())).toEqual({ deviceNonce: session.deviceNonce });
  });

  it('uses another nonce each time', async () => {
    const first = await client().openSession(identity, 'mqtt', never);
    const second = await client().openSession(identity, 'mqtt', never);
    expect(first.deviceNonce).not.toBe(second.deviceNonce);
  });

  it('passes on why the server refuses', async () => {
    answer = (_request, _body, response) => problem(response, 403, 'join-token-expired');
    await expect(client().enrol(identity, joinToken, never)).rejects.toThrow(/403: join-token-expired, because/);
    await expect(client().openSession(identity, 'mqtt', never)).rejects.toMatchObject({ code: 'session-refused' });
  });

  it('refuses to be enrolled under another id', async () => {
    answer = (_request, _body, response) => reply(response, 201, { device: 'pi-8-0123456789abcdef', labels: {} });
    await expect(client().enrol(identity, joinToken, never)).rejects.toMatchObject({ code: 'join-refused' });
  });

  it.each<[string, Answer]>([
    ['a server error', (_q, _b, response) => problem(response, 503, 'overloaded')],
    ['a rate limit', (_q, _b, response) => problem(response, 429, 'too-many')],
    ['a redirect', (_q, _b, response) => void response.writeHead(302, { location: '/elsewhere' }).end()],
    ['a portal that answers 200', (_q, _b, response) => void response.end('<html>Log in to this WLAN</html>')],
    ['a reply of another shape', (_q, _b, response) => reply(response, 200, { nonce: 'short' })],
    ['a connection that breaks', (request) => void request.socket.destroy()],
    [
      'a reply without end',
      (_q, _b, response) => {
        response.writeHead(200);
        const pour = () => {
          while (response.writable && response.write(Buffer.alloc(16_384, 32)));
        };
        response.on('drain', pour);
        pour();
      },
    ],
  ])('calls %s a matter of the network', async (_name, faulty) => {
    answer = faulty;
    await expect(client().openSession(identity, 'mqtt', never)).rejects.toMatchObject({ code: 'network' });
    await expect(client().enrol(identity, joinToken, never)).rejects.toMatchObject({ code: 'network' });
    expect(asked).toHaveLength(2);
  });

  it('says what is wrong with a server that is not there', async () => {
    await new Promise((resolve) => server.close(resolve));
    await expect(client().enrol(identity, joinToken, never)).rejects.toThrow('ECONNREFUSED');
  });

  it('gives up on a server that does not answer, and when it is told to stop', async () => {
    const clock = new ManualClock();
    let arrived: () => void = () => {};
    answer = () => arrived();
    const wait = () =>
      new Promise<void>((resolve) => {
        arrived = resolve;
      });

    const first = wait();
    const late = client(clock).enrol(identity, joinToken, never).catch(messageOf);
    await first;
    await clock.advance(15_000);
    expect(await late).toContain('no reply within 15000 ms');

    const second = wait();
    const stop = new AbortController();
    const stopped = client(clock).enrol(identity, joinToken, stop.signal).catch(codeOf);
    await second;
    stop.abort();
    expect(await stopped).toBe('network');
    expect(clock.pending).toEqual([]);
  });

  describe('the membership', () => {
    const times: string[] = [];
    const member = (token: string | undefined) =>
      new Membership({
        identity,
        server: client(),
        joinToken: token,
        offerTime: (envelope, deviceNonce) => {
          times.push(
            `${deviceNonce === (JSON.parse(Buffer.from(envelope).toString()) as { deviceNonce: string }).deviceNonce}`,
          );
        },
        clock: new ManualClock(),
        log: silentLog,
      });

    it('enrols once, then opens sessions, and hands the signed time on', async () => {
      const membership = member(joinToken);
      expect((await membership.openSession('mqtt', never)).token).toBe('jwt');
      await membership.openSession('mqtt', never);
      expect(asked.filter((line) => line.endsWith('/enrolments'))).toHaveLength(1);
      expect(times).toEqual(['true', 'true']);
      expect((await openIdentity(folder, 'pi-7')).enrolled).toBe(true);
    });

    it('is not enrolled by a refusal', async () => {
      answer = (_request, _body, response) => problem(response, 403, 'join-token-spent');
      await expect(member(joinToken).openSession('mqtt', never)).rejects.toMatchObject({ code: 'join-refused' });
      expect(identity.enrolled).toBe(false);
    });

    it('needs no join token once it is enrolled, and says so when it does', async () => {
      await expect(member(undefined).openSession('mqtt', never)).rejects.toMatchObject({ code: 'join-token-missing' });
      await identity.markEnrolled(1);
      expect((await member(undefined).openSession('mqtt', never)).token).toBe('jwt');
    });
  });
});
