import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceView, ReleaseView, TelemetrySummary } from '@bellwether/control-plane/http/operator-api';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { type SessionReply, TimePayload } from '@bellwether/shared/contract/http-api';
import type { Report } from '@bellwether/shared/contract/report';
import { Compile } from '@bellwether/shared/schema';
import { openEnvelope } from '@bellwether/shared/signing/envelope';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import { connectOnce, type FleetDevice, openOrder, presence, subscribeAndWait } from '../support/fleet-device.js';
import { startServer, type TestServer } from '../support/server.js';
import { armOf, bytesOf, reportOf, windowOf } from '../support/telemetry-messages.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await server.publishDigits('1.0.0');
  await server.publishDigits('1.1.0');
});
afterAll(() => server.stop());

const view = (device: FleetDevice) => server.read<DeviceView>(`/devices/${device.id}`);

/** Connects, reads the retained order and leaves. */
async function orderOf(device: FleetDevice) {
  const client = await device.connect();
  const opened = await openOrder(server.keys, await subscribeAndWait(client, device.topic('order')));
  await client.endAsync();
  return opened;
}

/** What an agent reports that serves its order. */
function servingReport(
  device: FleetDevice,
  { order, digest }: Awaited<ReturnType<typeof orderOf>>,
  sequence: number,
): Report {
  const { epoch, generation, models } = order;
  return reportOf({
    device: device.id,
    sequence,
    observed: { epoch, generation, digest },
    models: Object.entries(models).map(([model, { stable }]) => ({
      model,
      serving: { ...stable, sinceMs: 0, phase: 'settled' },
      install: null,
      refusal: null,
    })),
  });
}

/** The signed time of a session. */
async function timeIn(reply: SessionReply): Promise<TimePayload> {
  const { public: timeKey } = await readKeyFile(join(server.keys, 'server', 'time.key'));
  const { payload } = openEnvelope('time', Buffer.from(JSON.stringify(reply.time)), [timeKey], 4096);
  const time = checkSchema(Compile(TimePayload), JSON.parse(Buffer.from(payload).toString()), 'time');
  return time;
}

describe('a session', () => {
  it('answers the device’s own nonce with signed time, and opens MQTT', async () => {
    const device = await server.enrolled('session');
    const reply = await device.openSession();
    const time = await timeIn(reply);
    expect(time.deviceNonce).toBe('ab'.repeat(32));
    expect(Math.abs(time.timeMs - Date.now())).toBeLessThan(60_000);
    expect(reply).toMatchObject({ mqttUrl: server.mqttUrl, expiresInSeconds: 600 });
  });

  it('is refused when its nonce is used again, is another device’s, or the signature is', async () => {
    const [device, other] = [await server.enrolled('replayed'), await server.enrolled('other')];
    const body = device.sessionBody(await device.nonce());
    expect((await device.post('/sessions', body)).status).toBe(200);
    const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
    expect(await codeOf(await device.post('/sessions', body))).toBe('nonce-invalid');
    expect(await codeOf(await device.post('/sessions', device.sessionBody(await other.nonce())))).toBe('nonce-invalid');
    const forged = other.sessionBody(await device.nonce(), { device: device.id });
    expect(await codeOf(await device.post('/sessions', forged))).toBe('proof-invalid');
  });

  it('for the artefacts opens no MQTT, and neither does another device’s token', async () => {
    const [device, other] = [await server.enrolled('audience'), await server.enrolled('thief')];
    const artefacts = await device.openSession('artefacts');
    const mqtt = await device.openSession('mqtt');
    const login = (clientId: string, password: string) =>
      connectOnce(server.mqttUrl, { clientId, username: clientId, password });
    await expect(login(device.id, artefacts.token)).rejects.toThrow(/./);
    await expect(login(other.id, mqtt.token)).rejects.toThrow(/./);
    await (await login(device.id, mqtt.token)).endAsync();
  });
});

describe('a rollout', () => {
  it('reaches a device as its signed, retained order, and is done when the device says so', async () => {
    const device = await server.enrolled('rolled', { test: 'rollout' });
    const rollout = await server.read<RolloutView>('/rollouts', {
      release: 'digits@1.0.0',
      to: { labels: { test: 'rollout' } },
    });
    expect(rollout).toMatchObject({ phase: 'rolling', devices: [{ device: device.id, state: 'silent' }] });
    const opened = await orderOf(device);
    expect(opened.order).toMatchObject({
      device: { id: device.id },
      epoch: 1,
      generation: 1,
      models: { digits: { stable: { version: '1.0.0' } } },
    });
    // What the time knows of, a broker cannot hide [T-5].
    expect((await timeIn(await device.openSession())).order).toEqual({ epoch: 1, generation: 1 });

    const client = await device.connect();
    await client.publishAsync(device.topic('presence'), bytesOf(presence('online')), { qos: 1, retain: true });
    await client.publishAsync(device.topic('report'), bytesOf(servingReport(device, opened, 1)), { qos: 1 });
    await expect.poll(async () => (await server.read<RolloutView>(`/rollouts/${rollout.id}`)).phase).toBe('done');
    expect(await view(device)).toMatchObject({
      presence: 'online',
      ordered: { epoch: 1, generation: 1, models: { digits: '1.0.0' } },
      report: { state: 'working', observed: { generation: 1 } },
    });
    expect(await server.read<ReleaseView>('/releases/digits/1.0.0')).toMatchObject({
      devicesServing: 1,
      production: true,
      inputs: [expect.stringContaining('FP32')],
    });
    client.stream.destroy();
    await expect.poll(async () => (await view(device)).presence).toBe('offline');
  });

  it('keeps its orders over a restart, and numbers above what a device accepted after a backup is restored', async () => {
    const device = await server.enrolled('restored', { test: 'backup' });
    const roll = (release: string) =>
      server.read<RolloutView>('/rollouts', { release, to: { labels: { test: 'backup' } } });
    await roll('digits@1.0.0');
    const first = await orderOf(device);
    const database = join(server.data, 'bellwether.sqlite');
    const backup = `${database}.backup`;
    await server.restart(() => copyFile(database, backup));
    expect(await orderOf(device)).toEqual(first);

    await roll('digits@1.1.0');
    await roll('digits@1.0.0');
    const last = await orderOf(device);
    expect(last.order.generation).toBe(3);
    await server.restart(async () => {
      await Promise.all([`${database}-wal`, `${database}-shm`].map((file) => rm(file, { force: true })));
      await copyFile(backup, database);
    });
    expect((await orderOf(device)).order.generation).toBe(1);
    const client = await device.connect();
    await client.publishAsync(device.topic('report'), bytesOf(servingReport(device, last, 9)), { qos: 1 });
    await expect.poll(async () => (await view(device)).ordered?.generation).toBe(4);
    await client.endAsync();
    expect((await orderOf(device)).order).toMatchObject({
      generation: 4,
      models: { digits: { stable: { version: '1.0.0' } } },
    });
  });
});

describe('telemetry', () => {
  it('is stored once and shows in the figures; what cannot be read is counted', async () => {
    const device = await server.enrolled('measured');
    const client = await device.connect();
    const before = await server.read<TelemetrySummary>('/telemetry/summary');
    const window = windowOf({ device: device.id, arms: [armOf([1000, 1000, 9000])] });
    const publish = (payload: Buffer) => client.publishAsync(device.topic('window'), payload, { qos: 1 });
    await publish(bytesOf(window));
    await publish(bytesOf(window));
    await publish(Buffer.from('nonsense'));
    // Two sequence numbers are missing; it ends 10 s after the start, so that both count for the rate.
    await publish(bytesOf(windowOf({ device: device.id, sequence: 3, startMs: 5000, endMs: 10_000 })));
    const after = await server.read<TelemetrySummary>('/telemetry/summary');
    expect(after.windowsReceived - before.windowsReceived).toBe(2);
    expect(after.windowsDuplicate - before.windowsDuplicate).toBe(1);
    expect(after.windowsRejected - before.windowsRejected).toBe(1);
    expect(after.windowsLost - before.windowsLost).toBe(2);
    const { live } = await view(device);
    expect(live?.requestsPerSecond).toBeCloseTo(0.3);
    expect(live?.p99Ms).toBeCloseTo(9, 0);
    await client.endAsync();
  });
});
