import { Delivery } from '@bellwether/agent/telemetry/delivery';
import { openOutbox } from '@bellwether/agent/telemetry/outbox-level';
import { UplinkMqtt } from '@bellwether/agent/uplink/uplink-mqtt';
import { systemClock } from '@bellwether/shared/clock';
import { silentLog } from '@bellwether/shared/log';

/**
 * A process that puts windows with the numbers from its third argument on into the outbox of its first, and delivers them to
 * the broker of its second until it is killed: it prints `put N` when that is durable.
 */
const [folder = '', mqttUrl = '', first = '0'] = process.argv.slice(2);
const outbox = await openOutbox({ folder, maxBytes: 1e8, maxAgeMs: 1e12, clock: systemClock, log: silentLog });
const uplink = new UplinkMqtt({
  device: 'pi-7-0123456789abcdef',
  runId: 'ab'.repeat(16),
  openSession: () => Promise.resolve({ mqttUrl, token: 't' }),
  clock: systemClock,
  log: silentLog,
  random: () => 0,
});
const delivery = new Delivery({
  uplink,
  outbox,
  backfill: { perSecond: 200, spreadMs: 20 },
  clock: systemClock,
  random: Math.random,
  log: silentLog,
});
uplink.start({
  order: () => Promise.resolve(),
  connected: () => void delivery.connected(),
  disconnected: () => {},
});
for (let number = Number(first); ; number++) {
  await outbox.put('window', Buffer.from(`${number} ${'.'.repeat(400)}`));
  process.stdout.write(`put ${number}\n`);
  void delivery.run();
}
