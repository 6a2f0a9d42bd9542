import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CollectReply } from '@bellwether/control-plane/catalog/garbage-api';
import { heldManifests } from '@bellwether/control-plane/catalog/held-manifests-sql';
import type { ReleaseView } from '@bellwether/control-plane/http/operator-api';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import type { EventPage, TimelineEvent } from '@bellwether/control-plane/timeline/timeline-api';
import { type FleetDevice, presence } from '../support/fleet-device.js';
import { startServer, type TestServer } from '../support/server.js';
import { bytesOf, eventOf } from '../support/telemetry-messages.js';

let server: TestServer;
let device: FleetDevice;
let rollout: RolloutView;
beforeAll(async () => {
  server = await startServer();
  await server.publishDigits('1.0.0');
  device = await server.enrolled('harbour', { site: 'a' });
  rollout = await server.read<RolloutView>('/rollouts', { release: 'digits@1.0.0', to: { all: true } });
  const client = await device.connect();
  await client.publishAsync(device.topic('presence'), bytesOf(presence('online')), { qos: 1, retain: true });
  const served = eventOf({ device: device.id, kind: 'release-serving', release: 'digits@1.0.0' });
  await client.publishAsync(device.topic('event'), bytesOf(served), { qos: 1 });
  await client.endAsync();
});
afterAll(() => server.stop());

const page = (query = '') => server.read<EventPage>(`/events?${query}`);
const kinds = async (query = '') => (await page(query)).events.map(({ kind }) => kind).reverse();

describe('the timeline of a server', () => {
  it('is one of what devices tell, what people decide and what the server does', async () => {
    expect(await kinds('rollout=r1')).toEqual(
      expect.arrayContaining(['rollout-created', 'order-issued', 'release-serving']),
    );
    expect(await kinds('release=digits@1.0.0')).toEqual(
      expect.arrayContaining(['release-published', 'release-approved']),
    );
    expect(await kinds(`device=${device.id}`)).toEqual(
      expect.arrayContaining(['device-enrolled', 'order-issued', 'device-online', 'release-serving']),
    );
    const [created] = (await page('kind=rollout-created')).events;
    expect(created).toMatchObject({ actor: 'operator:admin', rollout: rollout.id, model: 'digits', source: 'audit' });
  });

  it('is told page by page, as CSV, and refuses what it does not know', async () => {
    const all = await page('limit=1000');
    const first = await page('limit=3');
    const rest = await page(`limit=1000&cursor=${first.cursor}`);
    expect([...first.events, ...rest.events]).toEqual(all.events);
    const csv = await server.api('/events.csv?limit=3');
    expect(csv.headers.get('bellwether-cursor')).toBe(first.cursor);
    expect((await csv.text()).split('\r\n')).toHaveLength(5);
    const wrong = ['kind=A', 'rollout=7', 'cursor=x', 'label=site', 'since=1h'];
    const statuses = await Promise.all(wrong.map(async (query) => (await server.api(`/events?${query}`)).status));
    expect(statuses).toEqual(wrong.map(() => 400));
  });

  it('is read by the command line, and followed', async () => {
    const text = await server.cli('events', '--device', 'harbour', '--kind', 'device-online', '--since', '1h');
    expect(text).toMatch(new RegExp(`^TIME .*\\n.* UTC +${device.id} +device-online +it is connected\\n$`));
    const rows = JSON.parse(await server.cli('events', '--rollout', rollout.id, '--json')) as readonly TimelineEvent[];
    expect(rows.map(({ rollout: of }) => of)).toEqual(rows.map(() => rollout.id));
    expect(await server.cli('events', '--limit', '2', '--csv')).toMatch(/^time,id,/);
  });

  it('comes with the live feed as it happens', async () => {
    const over = new AbortController();
    const headers = { authorization: `Bearer ${server.operatorToken}` };
    const live = await fetch(`${server.httpUrl}/api/v1/live`, { headers, signal: over.signal });
    const reader = live.body?.getReader();
    let text = '';
    const until = async (what: RegExp) => {
      while (!what.test(text)) text += Buffer.from((await reader?.read())?.value ?? []).toString();
    };
    await until(/event: overview\n.*\n/);
    await server.api(`/devices/${device.id}/pin`, { what: 'exclude', why: 'ours' });
    await until(/event: event\ndata: .*device-held/);
    over.abort();
    expect(text.match(/"kind":"device-held"/g)).toHaveLength(1);
  });

  it('tells that garbage was collected; a release that is ordered is none', async () => {
    const database = new BetterSqlite3(join(server.data, 'bellwether.sqlite'), { readonly: true });
    const { manifest } = await server.read<ReleaseView>('/releases/digits/1.0.0');
    expect(heldManifests(database)).toEqual(new Set([manifest]));
    database.close();
    const dry = JSON.parse(await server.cli('catalog', 'gc', '--dry-run', '--json')) as CollectReply;
    expect(dry).toMatchObject({ dryRun: true, files: 0, bytes: 0 });
    expect(dry.kept.files).toBeGreaterThan(5);
    expect(await kinds('kind=catalog-collected')).toEqual([]);
    expect(await server.cli('catalog', 'gc')).toMatch(/^removed +0 files, 0 B$/m);
    expect(await kinds('kind=catalog-collected')).toEqual(['catalog-collected']);
  });

  it('tells nothing twice after a restart, and of a connection that was lost meanwhile when it comes back', async () => {
    const before = await page('limit=1000');
    await server.restart();
    const after = await page('limit=1000');
    expect(after.events.filter(({ id }) => id <= before.newest)).toEqual(before.events);
    const news = after.events.filter(({ id }) => id > before.newest).map(({ kind }) => kind);
    expect(news.filter((kind) => kind !== 'device-offline')).toEqual([]);
  });
});
