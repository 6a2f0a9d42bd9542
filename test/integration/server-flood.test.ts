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
  // Twenty seconds of the rate may come at once; the hundred and first waits.
  await Promise.all(sent.slice(0, 101));
  const { events } = await server.read<EventPage>('/events?kind=device-flooding');
  expect(events).toMatchObject([{ device: loud.id, source: 'server' }]);
  expect((await view(loud)).slowed?.messages).toBeGreaterThanOrEqual(1);
  expect(await server.cli('device', 'show', 'loud')).toMatch(/^slowed .*messages waited since/m);

  const beforeMs = performance.now();
  await calm.publishAsync(quiet.topic('window'), bytesOf(windowOf({ device: quiet.id })), { qos: 1 });
  expect(performance.now() - beforeMs).toBeLessThan(2000);
  expect((await view(quiet)).slowed).toBeNull();
  // At five a second the rest takes twenty seconds.
  expect(acknowledged).toBeLessThan(150);
  await Promise.all([flood.endAsync(true), calm.endAsync(true)]);
}, 30_000);
