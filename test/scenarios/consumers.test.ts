import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageKinds } from '@bellwether/control-plane/consumers/message-kinds';
import { Compile, type TSchema } from '@bellwether/shared/schema';
import { asyncApiFaults } from '../support/async-api.js';
import { startServer, type TestServer } from '../support/server.js';
import { readVector } from '../support/vectors.js';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), 'bellwether-consumers-'));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('the description of what consumers read', () => {
  it('is AsyncAPI 3, from the server and from the command line, and for anybody', async () => {
    const served = await (await fetch(`${server.httpUrl}/api/v1/asyncapi.json`)).text();
    await server.cli('schemas', '--out', folder);
    const written = await readFile(join(folder, 'asyncapi.json'), 'utf8');
    expect(await asyncApiFaults(served)).toEqual([]);
    expect(await asyncApiFaults(written)).toEqual([]);
    const { servers, ...ofServer } = JSON.parse(served) as { servers: { broker: { host: string } } };
    expect(ofServer).toEqual(JSON.parse(written));
    expect(servers.broker.host).toBe(new URL(server.mqttUrl).host);
    expect(await asyncApiFaults(served.replace('"action":"send"', '"action":"sends"'))).not.toEqual([]);
  });

  it('has a JSON Schema of every message, the same from both', async () => {
    const names = [...messageKinds.keys()].map((name) => `${name}.schema.json`);
    expect((await readdir(folder)).sort()).toEqual(['asyncapi.json', 'compact.dictionary', ...names].sort());
    const beside = new URL('../../../examples/consumers/compact.dictionary', import.meta.url);
    expect(await readFile(join(folder, 'compact.dictionary'))).toEqual(await readFile(beside));
    for (const name of names) {
      const served: unknown = await (await fetch(`${server.httpUrl}/api/v1/schemas/${name}`)).json();
      expect(served).toEqual(JSON.parse(await readFile(join(folder, name), 'utf8')));
    }
    expect((await fetch(`${server.httpUrl}/api/v1/schemas/order.schema.json`)).status).toBe(400);
  });

  it('says of golden messages that they are such, and of others that they are not', async () => {
    const golden = new Map([
      ['rollout', 'fleet-rollout'],
      ['releases', 'fleet-releases'],
    ]);
    const { windows } = readVector<{ windows: { sent: object }[] }>('contract/window-2');
    for (const name of messageKinds.keys()) {
      const vector = readVector<object>(`contract/${golden.get(name) ?? name}`);
      const text = await readFile(join(folder, `${name}.schema.json`), 'utf8');
      const { Check } = Compile(JSON.parse(text) as TSchema);
      const good = [vector, ...(name === 'window' ? windows.map(({ sent }) => sent) : [])];
      const bad = [{ ...vector, version: 9 }, { version: 1 }];
      expect([name, good.map(Check), bad.map(Check)]).toEqual([name, good.map(() => true), [false, false]]);
    }
  });
});
