import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import type { EventPage } from '@bellwether/control-plane/timeline/timeline-api';
import { startServer, type TestServer } from '../support/server.js';
import { bytesOf, eventOf, windowOf } from '../support/telemetry-messages.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer([], { deviceMessages: 5 });
});
afterAll(() => server.stop());

it('slows a device down that floods, says so, and lets nobody else wait', async () => {
  const [loud, quiet] = [await server.enrolled('loud'), await server.enrolled('quiet')];
  const [flood, calm] = [await loud.connect(), await quiet.connect()];
  const view = ({ id }: { readonly id: string }) => server.read<DeviceView>(`/devices/${id}`);
  let acknowledged = 0;
  const sent = Array.from({ length: 200 }, (_, sequence) =>
    flood.publishAsync(loud.topic('event'), bytesOf(eventOf({ device: loud.id, sequence })), { qos: 1 }).then(
      () => acknowledged++,
      () => {},
    ),
  );
  // Twenty seconds of the rate may come at once, and what is refilled while that is read; then they wait.
  await Promise.all(sent.slice(0, 100));
  const floods = async () => (await server.read<EventPage>('/events?kind=device-flooding')).events;
  // The first question starts the thread that reads: on a busy machine the usual second may be over before.
  await expect.poll(floods, { timeout: 20_000 }).toMatchObject([{ device: loud.id, source: 'server' }]);
  expect((await view(loud)).slowed?.messages).toBeGreaterThanOrEqual(1);
  expect(await server.cli('device', 'show', 'loud')).toMatch(/^slowed .*messages waited since/m);

  // At five a second the rest takes twenty seconds. By the flood's own pace, and not the clock: both share a process that may stand still.
  const before = acknowledged;
  await calm.publishAsync(quiet.topic('window'), bytesOf(windowOf({ device: quiet.id })), { qos: 1 });
  expect(acknowledged - before).toBeLessThan(25);
  expect(acknowledged).toBeLessThan(200);
  expect((await view(quiet)).slowed).toBeNull();
  await Promise.all([flood.endAsync(true), calm.endAsync(true)]);
}, 30_000);
