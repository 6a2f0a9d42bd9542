import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TokenReply } from '@bellwether/control-plane/http/operator-api';
import { Overview, ServerStatus } from '@bellwether/control-plane/http/status-api';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { Problem } from '@bellwether/shared/contract/http-api';
import { Compile } from '@bellwether/shared/schema';
import { FleetDevice } from '../support/fleet-device.js';
import { startServer, type TestServer } from '../support/server.js';
import { bytesOf, eventOf } from '../support/telemetry-messages.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const problem = Compile(Problem);

/** The code of an RFC 9457 answer. */
async function problemOf(response: Response): Promise<string> {
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  const { status, code } = checkSchema(problem, await response.json(), 'problem');
  expect(status).toBe(response.status);
  return `${status} ${code}`;
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly 'x-access': string }>>>>;
}
const openApi = async () => (await (await fetch(`${server.httpUrl}/docs/json`)).json()) as OpenApi;

describe('the operator’s token', () => {
  it('is needed by every route below /api/v1 but the devices’ own and the way in', async () => {
    const { paths } = await openApi();
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { 'x-access': access }]) => ({
        method: method.toUpperCase(),
        access,
        path: path.replaceAll(/\{[^}]*\}/g, 'x'),
      })),
    );
    const guarded = routes.filter(
      ({ path, access }) => path.startsWith('/api/') && !['public', 'device'].includes(access),
    );
    expect(guarded.length).toBeGreaterThan(10);
    for (const { method, path } of guarded) {
      const response = await fetch(server.httpUrl + path, { method });
      expect(`${path} ${await problemOf(response)}`).toBe(`${path} 401 operator-token-missing`);
    }
  });

  it('must be the right one', async () => {
    const headers = { authorization: `Bearer ${server.operatorToken}x` };
    expect(await problemOf(await fetch(`${server.httpUrl}/api/v1/status`, { headers }))).toBe(
      '401 operator-token-invalid',
    );
  });
});

describe('bad requests', () => {
  it.each([
    ['/tokens', { use: 3 }, '400 body-invalid', 'unknown field use'],
    ['/tokens', { uses: 'many' }, '400 body-invalid', '/uses'],
    ['/tokens', { labels: { 'a b': 'c' } }, '400 body-invalid', 'labels'],
    ['/rollouts', { release: 'digits@1.0.0' }, '400 body-invalid', 'to'],
    ['/rollouts', { release: 'digits', to: { all: true } }, '400 release-malformed', 'MODEL@VERSION'],
    ['/rollouts', { release: 'digits@1.0.0', to: { all: true } }, '404 release-unknown', 'digits@1.0.0'],
    ['/sessions/nonce', { device: 'pi-0123456789abcdef' }, '404 device-unknown', 'pi-0123456789abcdef'],
    ['/sessions', {}, '400 body-invalid', 'envelope'],
    ['/enrolments', { joinToken: 'x'.repeat(40), envelope: {} }, '403 token-invalid', 'join token'],
    ['/tokens', { labels: { a: 'x'.repeat(70_000) } }, '413 body-too-large', ''],
  ])('%s with %j: %s', async (path, body, want, detail) => {
    const response = await server.api(path, body);
    const text = await response.clone().text();
    expect(await problemOf(response)).toBe(want);
    expect(text).toContain(detail);
  });

  it.each([
    ['/events?limit=0', '400 query-invalid'],
    ['/events?limit=x', '400 query-invalid'],
    ['/events?more=1', '400 query-invalid'],
    ['/devices/nobody', '400 path-invalid'],
    ['/devices/pi-0123456789abcdef', '404 device-unknown'],
    ['/releases/digits/1.0.0', '404 release-unknown'],
    ['/rollouts/r99', '404 rollout-unknown'],
    ['/nothing', '404 route-unknown'],
    ['/devices/%zz', '400 path-invalid'],
  ])('%s: %s', async (path, want) => {
    expect(await problemOf(await server.api(path))).toBe(want);
  });

  it('that are no JSON, or say that they are something else', async () => {
    const post = (type: string, body: string) => {
      const headers = { authorization: `Bearer ${server.operatorToken}`, 'content-type': type };
      return fetch(`${server.httpUrl}/api/v1/tokens`, { method: 'POST', headers, body });
    };
    expect(await problemOf(await post('application/json', '{'))).toBe('400 body-invalid');
    expect(await problemOf(await post('application/json', ''))).toBe('400 body-invalid');
    expect(await problemOf(await post('application/x-yaml', 'uses: 3'))).toBe('415 media-type');
  });
});

describe('a server that listens on all addresses', () => {
  it('tells its MQTT address as the asker can use it', async () => {
    const everywhere = await startServer(['digits'], { host: '0.0.0.0', insecurePlaintextNetwork: true });
    try {
      const { port } = new URL(everywhere.mqttUrl);
      const { mqttUrl } = await everywhere.read<ServerStatus>('/status');
      expect(mqttUrl).toBe(`mqtt://${new URL(everywhere.httpUrl).hostname}:${port}`);
      const headers = { authorization: `Bearer ${everywhere.operatorToken}` };
      const messages = eventsOf(await fetch(`${everywhere.httpUrl}/api/v1/live`, { headers }));
      expect(JSON.parse((await messages.next()).value?.data ?? '')).toMatchObject({ status: { mqttUrl } });
      await messages.return(undefined);
    } finally {
      await everywhere.stop();
    }
  });
});

describe('what anybody may read', () => {
  it('is the health, the artefact plane and the API’s description', async () => {
    expect(await (await fetch(`${server.httpUrl}/healthz`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${server.httpUrl}/repository/metadata/timestamp.json`)).status).toBe(200);
    const { openapi, paths } = await openApi();
    expect(openapi).toBe('3.1.0');
    for (const path of [
      '/status',
      '/devices',
      '/devices/{id}',
      '/tokens',
      '/releases',
      '/rollouts',
      '/telemetry/summary',
      '/events',
      '/live',
    ]) {
      expect(Object.keys(paths)).toContain(`/api/v1${path}`);
    }
    expect((await fetch(`${server.httpUrl}/docs/`)).status).toBe(200);
  });

  it('comes with a strict content security policy', async () => {
    const policy = (await fetch(`${server.httpUrl}/`)).headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("style-src 'self';");
    expect(policy).not.toContain('unsafe');
  });
});

describe('the live feed', () => {
  it('begins with an overview, then tells what changes', async () => {
    const device = await server.enrolled('pi');
    const client = await device.connect();
    const over = new AbortController();
    const headers = { authorization: `Bearer ${server.operatorToken}` };
    const response = await fetch(`${server.httpUrl}/api/v1/live`, { headers, signal: over.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const messages = eventsOf(response);
    const first = await messages.next();
    expect(first.value?.event).toBe('overview');
    const overview = checkSchema(Compile(Overview), JSON.parse(first.value?.data ?? ''), 'overview');
    expect(overview.devices.map(({ id }) => id)).toEqual([device.id]);

    const event = eventOf({ device: device.id, kind: 'release-serving', release: 'digits@1.0.0' });
    await client.publishAsync(device.topic('event'), bytesOf(event), { qos: 1 });
    const told = await toldOf(messages, ['device', 'event']);
    expect(JSON.parse(told.get('device') ?? '')).toMatchObject({ id: device.id });
    expect(JSON.parse(told.get('event') ?? '')).toMatchObject({ device: device.id, kind: 'release-serving' });

    // Somebody at the door is told of as a device, in the timeline, and as what waits for a person.
    const { token } = await server.read<TokenReply>('/tokens', { kind: 'approve' });
    const waiting = new FleetDevice(() => server.httpUrl, 'at-the-door');
    await waiting.enrol(token);
    const arrival = await toldOf(messages, ['device', 'event', 'status']);
    expect(JSON.parse(arrival.get('event') ?? '')).toMatchObject({ device: waiting.id, kind: 'device-enrolled' });
    const status = checkSchema(Compile(ServerStatus), JSON.parse(arrival.get('status') ?? ''), 'status');
    expect(status).toMatchObject({ pending: { releases: [], devices: [waiting.id], deviceKeys: [] }, clones: [] });
    over.abort();
    await client.endAsync(true);
  });
});

/** The newest of each of these events, once all of them have come: in one batch, or in two when the first was just due. */
async function toldOf(
  messages: ReturnType<typeof eventsOf>,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const told = new Map<string, string>();
  while (!wanted.every((event) => told.has(event))) {
    const { value } = await messages.next();
    if (value === undefined) throw new Error(`the feed ended after ${[...told.keys()].join()}`);
    told.set(value.event, value.data);
  }
  return told;
}

/** Server-Sent Events of a reply, without its comments. */
async function* eventsOf(response: Response): AsyncGenerator<{ event: string; data: string }, undefined> {
  let text = '';
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (body === null) return undefined;
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString();
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      text = text.slice(end + 2);
      if (fields.has('data')) yield { event: fields.get('event') ?? '', data: fields.get('data') ?? '' };
    }
  }
}
