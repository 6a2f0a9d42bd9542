import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReleaseList } from '@bellwether/control-plane/http/operator-api';
import type { ApiTokenReply } from '@bellwether/control-plane/http/people-api';
import { promtool, promtoolFaults } from '../support/promtool.js';
import { startServer, type TestServer } from '../support/server.js';
import { armOf, bytesOf, reportOf, windowOf } from '../support/telemetry-messages.js';

const dashboard = new URL('../../../examples/consumers/grafana/fleet.json', import.meta.url);

let server: TestServer;
let token: string;
let text: string;

beforeAll(async () => {
  server = await startServer(['digits'], { prometheusLabel: 'hardware' });
  await server.publishDigits('1.0.0');
  await server.read('/rollouts', { release: 'digits@1.0.0', to: { all: true } });
  const device = await server.enrolled('pi', { hardware: 'pi4' });
  const client = await device.connect();
  const feedback = { correct: 2, wrong: 1 };
  ({ token } = await server.read<ApiTokenReply>('/api-tokens', { label: 'prometheus', role: 'metrics', days: 1 }));
  await metrics(token);
  const arms = [armOf([900, 1100, 40_000], { errors: { engine: 1 }, feedback })];
  await client.publishAsync(device.topic('window'), bytesOf(windowOf({ device: device.id, arms })), { qos: 1 });
  const [release] = (await server.read<ReleaseList>('/releases')).releases;
  const serving = { version: '1.0.0', manifest: release?.manifest ?? '', sinceMs: 0, phase: 'settled' } as const;
  const report = reportOf({ device: device.id, models: [{ model: 'digits', serving, install: null, refusal: null }] });
  await client.publishAsync(device.topic('report'), bytesOf(report), { qos: 1 });
  client.end(true);
  text = await (await metrics(token)).text();
});
afterAll(() => server.stop());

const metrics = (bearer?: string): Promise<Response> => {
  const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  return fetch(`${server.httpUrl}/metrics`, { headers });
};

/** The names and labels of all samples, without values. */
function samplesOf(exposed: string): ReadonlyMap<string, ReadonlySet<string>> {
  const samples = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of exposed.matchAll(/^([a-z_]+)(?:\{(.*)\})? \S+$/gm)) {
    const known = samples.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
    samples.set(name, known);
  }
  return samples;
}

async function queries(): Promise<string[]> {
  const { panels } = JSON.parse(await readFile(dashboard, 'utf8')) as { panels: { targets: { expr: string }[] }[] };
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

describe('/metrics', () => {
  it('tells of calls by release, arm and the chosen label, and never by device', () => {
    const of = '{model="digits",version="1.0.0",arm="stable",label_hardware="pi4"';
    expect(text).toContain(`bellwether_requests_total${of}} 3\n`);
    expect(text).toContain(`bellwether_request_errors_total${of},code="engine"} 1\n`);
    expect(text).toContain(`bellwether_request_duration_seconds_bucket${of},le="0.002"} 2\n`);
    expect(text).toContain(`bellwether_request_duration_seconds_sum${of}} 0.042\n`);
    expect(text).not.toMatch(/pi-[0-9a-f]{16}/);
  });

  it('tells of the fleet', () => {
    expect(text).toContain('bellwether_devices{standing="approved",presence="');
    expect(text).toContain('bellwether_rollouts{phase="');
    expect(text).toContain('bellwether_release_devices{model="digits",version="1.0.0"} 1\n');
    expect(text).toContain('bellwether_alerts{severity="critical",state="open"} ');
    expect(text).toContain('bellwether_windows_received_total 1\n');
    expect(text).toMatch(/bellwether_window_delay_seconds_count 1\n/);
  });

  it('is for the role metrics, which opens nothing else', async () => {
    expect((await metrics()).status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    for (const path of ['/status', '/devices', '/api-tokens', '/telemetry/summary'])
      expect((await fetch(`${server.httpUrl}/api/v1${path}`, { headers })).status).toBe(403);
    expect((await metrics(server.operatorToken)).headers.get('content-type')).toContain('version=0.0.4');
    const person = await server.api('/operators', { name: 'scraper', role: 'metrics' });
    expect(person.status).toBe(400);
  });

  it('has everything that the dashboard asks for', async () => {
    const samples = samplesOf(text);
    for (const expr of await queries()) {
      const names = [...expr.matchAll(/bellwether_[a-z_]+/g)].map(([name]) => name);
      expect(names.length).toBeGreaterThan(0);
      const asked = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(', '));
      const matched = [...expr.matchAll(/([a-z_]+)=~?"/g)].map(([, label = '']) => label);
      for (const name of names) {
        expect([...samples.keys()]).toContain(name);
        for (const label of [...asked, ...matched])
          expect([name, [...(samples.get(name) ?? [])]]).toEqual([name, expect.arrayContaining([label])]);
      }
    }
  });

  it('is as Prometheus wants it, and so are the queries', async () => {
    const program = promtool();
    if (program === undefined) return;
    expect(promtoolFaults(program, ['metrics'], text)).toBe('');
    const wrong = text.replace('# HELP bellwether_info', '# HELP bellwether_inf');
    expect(promtoolFaults(program, ['metrics'], wrong)).not.toBe('');
    const rules = (await queries()).map((expr, i) => ({ record: `query:${i}`, expr: expr.replaceAll('$model', '.*') }));
    const file = join(server.data, 'rules.yaml');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(promtoolFaults(program, ['rules', file], '')).toBe('');
  });
});
