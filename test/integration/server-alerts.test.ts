import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertList } from '@bellwether/control-plane/alerts/alert-api';
import type { SilenceList } from '@bellwether/control-plane/alerts/silence';
import type { ConsumerReply } from '@bellwether/control-plane/consumers/consumer-api';
import type { EventPage } from '@bellwether/control-plane/timeline/timeline-api';
import { type Alert, decodeAlert } from '@bellwether/shared/contract/alert';
import { fleetTopic } from '@bellwether/shared/contract/topics';
import { connectOnce, type FleetDevice, subscribeAndWait } from '../support/fleet-device.js';
import { startServer, type TestServer } from '../support/server.js';
import { bytesOf, reportOf } from '../support/telemetry-messages.js';

let server: TestServer;
let device: FleetDevice;
beforeAll(async () => {
  server = await startServer();
  device = await server.enrolled('camera', { site: 'north' });
});
afterAll(() => server.stop());

const alerts = async () => (await server.read<AlertList>('/alerts')).alerts;

/** A program that reads fleet topics. */
async function consumerOf({ mqttUrl, read }: TestServer) {
  const grant = { kinds: ['fleet'], labels: {} };
  const { userName, password } = await read<ConsumerReply>('/consumers', { name: 'board', grant });
  return connectOnce(mqttUrl, { clientId: userName, username: userName, password });
}

/** The device says that it refused digits@1.1.0, or that it did not. */
async function report(sequence: number, isRefused: boolean): Promise<void> {
  const client = await device.connect();
  const refusal = {
    version: '1.1.0',
    manifest: 'a'.repeat(64),
    code: 'blob-digest',
    message: 'other bytes',
    atMs: 1_700_000_000_000,
    kind: 'permanent',
  } as const;
  const models = [{ model: 'digits', serving: null, install: null, refusal: isRefused ? refusal : null }];
  await client.publishAsync(device.topic('report'), bytesOf(reportOf({ device: device.id, sequence, models })), {
    qos: 1,
  });
  await client.endAsync();
}

describe('alerts of a server', () => {
  it('open on what a device reports, are taken note of at the command line, and outlive a restart', async () => {
    await report(1, true);
    await expect.poll(alerts).toMatchObject([
      {
        id: 'a1',
        rule: 'release-refused',
        state: 'open',
        subject: { model: 'digits', version: '1.1.0' },
        sentence: `digits@1.1.0 is refused by ${device.id} (blob-digest).`,
        named: [device.id],
      },
    ]);
    const consumer = await consumerOf(server);
    const retained = await subscribeAndWait(consumer, fleetTopic('alerts', 'a1'));
    expect(decodeAlert(retained)).toMatchObject({ id: 'a1', state: 'open' });
    // It may be told once more as it was: on the way when it was subscribed to, or with another sentence.
    const told = new Promise<Alert>((resolve) => {
      consumer.on('message', (_topic, payload) => {
        const alert = decodeAlert(payload);
        if (alert.state !== 'open') resolve(alert);
      });
    });
    expect(await server.cli('alerts', 'list')).toContain('digits@1.1.0 is refused');
    expect(await server.cli('device', 'show', device.id)).toMatch(
      /alerts +a1 open, warning: digits@1\.1\.0 is refused/,
    );
    expect(await server.cli('alerts', 'ack', 'a1', '--why', 'a test')).toContain('acknowledged by admin');
    expect(await told).toMatchObject({ id: 'a1', state: 'acknowledged' });
    await consumer.endAsync();
    await server.restart();
    expect(await alerts()).toMatchObject([{ id: 'a1', state: 'acknowledged', acknowledgedBy: 'operator:admin' }]);
    const { events } = await server.read<EventPage>('/events?kind=alert-opened,alert-acknowledged');
    expect(events.map(({ kind, device: about }) => [kind, about])).toEqual([
      ['alert-acknowledged', device.id],
      ['alert-opened', device.id],
    ]);
    const { rows } = await server.read<{ rows: readonly { action: string }[] }>('/audit/rows?limit=100');
    expect(rows.filter(({ action }) => action === 'alert.acknowledge')).toHaveLength(1);
  });

  it('are silenced by label and time at the command line', async () => {
    const silence = ['alerts', 'silence', '--for', '90m', '--labels', 'site=north', '--why', 'the roof'];
    expect(await server.cli(...silence)).toContain('site=north');
    expect(JSON.parse(await server.cli('alerts', 'show', 'a1', '--json')) as Alert).toMatchObject({ isSilenced: true });
    const nightly = [
      'alerts',
      'silence',
      '--every',
      '0 22 * * *',
      '--tz',
      'Europe/Berlin',
      '--for',
      '8h',
      '--in',
      '3d',
      '--why',
      'off at night',
    ];
    expect(await server.cli(...nightly)).toContain('0 22 * * * Europe/Berlin for 8 h');
    expect(await server.cli('alerts', 'silences', '--end', 's2')).toContain('site=north');
    expect(await server.cli('alerts', 'silences', '--end', 's1')).toContain('Nothing is silenced');
    expect((await server.read<SilenceList>('/alerts/silences')).silences).toEqual([]);
    expect(await alerts()).toMatchObject([{ isSilenced: false }]);
  });

  it('say what is wrong with a request', async () => {
    expect((await server.api('/alerts/a77')).status).toBe(404);
    expect((await server.api('/alerts/nonsense')).status).toBe(404);
    const past = await server.api('/alerts/silences', { untilMs: 1, why: 'x' });
    expect([past.status, await past.json()]).toMatchObject([422, { code: 'silence-impossible' }]);
    expect((await server.api('/alerts/silences', { untilMs: 1, why: 'x', rules: ['unheard-of'] })).status).toBe(400);
    expect(await server.cli('alerts', 'rules')).toContain('device-silent');
  });
});
