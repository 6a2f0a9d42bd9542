import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outbox } from '@bellwether/agent/telemetry/outbox';
import { openOutbox } from '@bellwether/agent/telemetry/outbox-level';
import { Recorder } from '@bellwether/agent/telemetry/recorder';
import { Reporter } from '@bellwether/agent/telemetry/reporter';
import { UplinkMqtt } from '@bellwether/agent/uplink/uplink-mqtt';
import { inflated } from '@bellwether/shared/contract/compact';
import { type DeviceEvent, decodeEvent } from '@bellwether/shared/contract/event';
import { deviceTopic, parseDeviceTopic } from '@bellwether/shared/contract/topics';
import { decodeWindow, type HostWindow, type Window } from '@bellwether/shared/contract/window';
import { silentLog } from '@bellwether/shared/log';
import { type Broker, type BrokerMessage, startBroker } from '../../support/broker.js';
import { ManualClock } from '../../support/manual-clock.js';
import { readAll } from '../../support/outbox-content.js';

const device = 'pi-7-0123456789abcdef';
const runId = 'ab'.repeat(16);
const host: HostWindow = {
  cores: 2,
  agentCpuPct: 1,
  runnersCpuPct: 2,
  agentRssBytes: 3,
  runnersRssBytes: 4,
  load1: 0.5,
  memoryTotalBytes: 5,
  memoryAvailableBytes: 6,
  diskTotalBytes: 7,
  diskFreeBytes: 8,
  temperatureC: 41.5,
};

const isOf = (what: string) => (message: BrokerMessage) => parseDeviceTopic(message.topic)?.what === what;
const isWindow = (sequence: number) => (message: BrokerMessage) =>
  isOf('window')(message) && decodeWindow(message.payload).sequence === sequence;

/** The parts of a device's telemetry, over a real outbox and a real connection. */
describe('the reporter over a real broker and a real outbox', () => {
  let folder = '';
  let clock: ManualClock;
  let outbox: Outbox;
  let broker: Broker;
  let uplink: UplinkMqtt;
  let reporter: Reporter;
  /** Publishes of windows that the broker leaves without an answer. */
  let isDeaf = false;
  let unanswered = 0;
  /** The window on which the broker hangs up. */
  let poison: number | undefined;
  let isDown = false;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-reporter-'));
    clock = new ManualClock();
    isDeaf = false;
    unanswered = 0;
    poison = undefined;
    isDown = false;
    broker = await startBroker({
      authorizePublish: (_client, packet, done) => {
        const what = parseDeviceTopic(packet.topic)?.what;
        const isPoison =
          what === 'window' &&
          decodeWindow(inflated(Buffer.from(packet.payload), 'window', 10_000)).sequence === poison;
        if (isPoison) done(new Error('not this one'));
        else if (!isDeaf || what !== 'window') done(null);
        else unanswered++;
      },
    });
    await build();
  });
  afterEach(async () => {
    const stopped = uplink.stop();
    await clock.advance(2000); // what a deaf broker is given
    await stopped;
    await broker.stop();
    await outbox.close();
    await rm(folder, { recursive: true });
  });

  const build = async (maxBytes = 1_000_000, encoding: 'json' | 'deflate' = 'json'): Promise<void> => {
    outbox = await openOutbox({ folder: join(folder, 'outbox'), maxBytes, maxAgeMs: 1e10, clock, log: silentLog });
    uplink = new UplinkMqtt({
      device,
      runId,
      openSession: () => Promise.resolve({ mqttUrl: broker.url, token: 't' }),
      clock,
      log: silentLog,
      random: () => 0,
    });
    reporter = new Reporter({
      device,
      runId,
      bootId: 'boot',
      windowSeconds: 60,
      encoding,
      recorder: new Recorder(clock.now()),
      host: { measure: () => Promise.resolve(host), processors: () => ({ agentMicros: 0, runners: new Map() }) },
      outbox,
      backfill: { perSecond: 5, spreadMs: 0 },
      uplink,
      serverTimeMs: () => undefined,
      clock,
      random: () => 0,
      log: silentLog,
    });
  };
  /** Resolves on the first connection. */
  const connect = (): Promise<void> =>
    new Promise((resolve) => {
      uplink.start({
        order: () => Promise.resolve(),
        connected: () => {
          reporter.connected();
          resolve();
        },
        disconnected: () => {
          isDown = true;
        },
      });
    });
  /** The outbox tells nobody; its state is looked at between turns of the event loop. */
  const untilOutbox = async (fits: () => boolean): Promise<void> => {
    while (!fits()) await new Promise(setImmediate);
  };
  const stored = async (): Promise<(Window | DeviceEvent)[]> =>
    (await readAll(outbox)).map(({ kind, payload }) =>
      kind === 'window' ? decodeWindow(payload) : decodeEvent(payload),
    );

  it('closes a window at once when the device suspects its canary, and no sooner than a second after the one before', async () => {
    await connect();
    reporter.start();
    await clock.advance(10_000);
    reporter.closeSoon();
    reporter.closeSoon();
    await clock.advance(0);
    const first = decodeWindow((await broker.untilMessage(isWindow(0))).payload);
    reporter.closeSoon();
    await clock.advance(999);
    reporter.closeSoon();
    await clock.advance(1);
    const second = decodeWindow((await broker.untilMessage(isWindow(1))).payload);
    await clock.advance(60_000);
    const third = decodeWindow((await broker.untilMessage(isWindow(2))).payload);
    expect([first.endMs, second.endMs, third.endMs]).toEqual([10_000, 11_000, 71_000]);
  });

  it('publishes a window every interval, each with the next sequence, and forgets what was acknowledged', async () => {
    await connect();
    reporter.start();
    await clock.advance(60_000);
    const first = decodeWindow((await broker.untilMessage(isWindow(0))).payload);
    await untilOutbox(() => outbox.state.waiting === 0);
    await clock.advance(60_000);
    const second = decodeWindow((await broker.untilMessage(isWindow(1))).payload);
    expect(first).toMatchObject({ device, runId, bootId: 'boot', startMs: 0, endMs: 60_000, host });
    expect(second).toMatchObject({ startMs: 60_000, endMs: 120_000 });
    await untilOutbox(() => outbox.state.waiting === 0);
    expect(outbox.state).toEqual({ waiting: 0, bytes: 0, lostWindows: 0, lostEvents: 0 });
  });

  it('keeps windows and events while there is no connection, and sends them when it is back', async () => {
    reporter.start();
    reporter.event('agent-started', { message: 'the agent has started' });
    reporter.event('order-refused', { message: 'too old', code: 'generation-old', release: 'digits@1.0.0' });
    for (let i = 0; i < 3; i++) await clock.advance(60_000);
    await untilOutbox(() => outbox.state.waiting === 5);
    await connect();
    await broker.untilMessage(isWindow(0));
    await untilOutbox(() => outbox.state.waiting === 0);
    const events = broker.messages.filter(isOf('event')).map((m) => decodeEvent(m.payload));
    expect(events.map(({ sequence, kind, code }) => [sequence, kind, code])).toEqual([
      [0, 'agent-started', undefined],
      [1, 'order-refused', 'generation-old'],
    ]);
    const windows = broker.messages.filter(isOf('window')).map((m) => decodeWindow(m.payload));
    expect(windows.map((w) => w.sequence)).toEqual([2, 1, 0]);
    expect(windows[0]?.outbox.waiting).toBe(4);
  });

  it('sends again after a restart of the agent what the last one could not', async () => {
    reporter.start();
    await clock.advance(60_000);
    await untilOutbox(() => outbox.state.waiting === 1);
    await outbox.close();
    await build();
    await connect();
    await broker.untilMessage(isWindow(0));
    await untilOutbox(() => outbox.state.waiting === 0);
  });

  it('keeps what the broker does not acknowledge, lets events past it, and sends it again', async () => {
    isDeaf = true;
    await connect();
    reporter.start();
    await clock.advance(60_000);
    await untilOutbox(() => unanswered === 1);
    isDeaf = false;
    reporter.event('agent-started', { message: 'm' });
    await untilOutbox(() => outbox.state.waiting === 2);
    await clock.advance(30_000); // the publish time-out
    await broker.untilMessage(isWindow(0));
    await untilOutbox(() => outbox.state.waiting === 0);
    expect(broker.messages.map(({ topic }) => parseDeviceTopic(topic)?.what)).toEqual(['presence', 'event', 'window']);
  });

  it('gives up a window on which the broker hangs up each time, counts it as lost, and brings all others', async () => {
    poison = 1;
    reporter.start();
    for (let i = 0; i < 4; i++) await clock.advance(60_000);
    await untilOutbox(() => outbox.state.waiting === 4);
    await connect();
    while (outbox.state.waiting > 0) {
      await new Promise(setImmediate);
      // The back-off before the next connection is shorter than this, and the time-out of a connection is not.
      if (!isDown) continue;
      isDown = false;
      await clock.advance(30_000);
    }
    expect(outbox.state.lostWindows).toBe(1);
    const taken = broker.messages.filter(isOf('window')).map((m) => decodeWindow(m.payload).sequence);
    expect([...new Set(taken)].sort((a, b) => a - b).slice(0, 4)).toEqual([0, 2, 3, 4]);
  });

  it('has no more publishes in flight than it should', async () => {
    isDeaf = true;
    reporter.start();
    for (let i = 0; i < 50; i++) await clock.advance(60_000);
    await untilOutbox(() => outbox.state.waiting === 50);
    await connect();
    // 32 publishes and the next window's end.
    await clock.untilPending(33);
    expect(clock.pending).toHaveLength(33);
  });

  it('stores the last window when it stops, and sends it while there is a connection', async () => {
    await connect();
    reporter.start();
    await clock.advance(20_000);
    await reporter.stop();
    await reporter.stop();
    const last = decodeWindow((await broker.untilMessage(isWindow(0))).payload);
    expect(last).toMatchObject({ startMs: 0, endMs: 20_000 });
    expect(outbox.state.waiting).toBe(0);
    await clock.advance(600_000);
    expect(broker.messages.filter(isOf('window'))).toHaveLength(1);
  });

  it('stores the last window when it stops without a connection', async () => {
    reporter.start();
    await clock.advance(20_000);
    await reporter.stop();
    expect(await stored()).toMatchObject([{ sequence: 0, endMs: 20_000 }]);
  });

  it('waits no longer than two seconds for a deaf broker when it stops', async () => {
    isDeaf = true;
    await connect();
    reporter.start();
    const stopped = reporter.stop();
    await untilOutbox(() => outbox.state.waiting === 1);
    await clock.untilPending(2);
    await clock.advance(2000);
    await stopped;
    expect(await stored()).toHaveLength(1);
  });

  it('takes another interval at once', async () => {
    reporter.start();
    await clock.advance(50_000);
    reporter.setWindowSeconds(5);
    await clock.advance(5000);
    await clock.advance(5000);
    await untilOutbox(() => outbox.state.waiting === 2);
    expect(await stored()).toMatchObject([{ endMs: 55_000 }, { endMs: 60_000 }]);
  });

  it('stores and sends in few bytes where it is configured, and readers tell it from JSON', async () => {
    await outbox.close();
    await build(1_000_000, 'deflate');
    reporter.start();
    reporter.event('agent-started', { message: 'm' });
    await clock.advance(60_000);
    await untilOutbox(() => outbox.state.waiting === 2);
    expect(outbox.state.bytes).toBeLessThan(400);
    await connect();
    const { payload } = await broker.untilMessage(isOf('window'));
    expect(payload[0]).not.toBe('{'.charCodeAt(0));
    expect(decodeWindow(inflated(payload, 'window', 10_000))).toMatchObject({ device, sequence: 0 });
    const event = await broker.untilMessage(isOf('event'));
    expect(decodeEvent(inflated(event.payload, 'event', 10_000))).toMatchObject({ device, message: 'm' });
  });

  it('tells of losses once, and not again within the hour', async () => {
    await outbox.close();
    await build(2000); // room for about four windows
    const untilSeen = (count: number) => untilOutbox(() => outbox.state.waiting + outbox.state.lostWindows >= count);
    reporter.start();
    for (let i = 1; i <= 12; i++) {
      await clock.advance(60_000);
      await untilSeen(i);
    }
    expect(outbox.state.lostWindows).toBeGreaterThan(6);
    const events = (await stored()).filter((one): one is DeviceEvent => 'kind' in one);
    expect(events.map((event) => event.kind)).toEqual(['telemetry-lost']);
    expect(events[0]?.message).toMatch(/^1 windows /);
  });

  it('tells when the clock was set, once, and by how much', async () => {
    reporter.start();
    await clock.advance(30_000);
    clock.setWall(clock.now().wallMs - 3_600_000);
    await clock.advance(30_000);
    await untilOutbox(() => outbox.state.waiting === 2);
    await clock.advance(60_000);
    await untilOutbox(() => outbox.state.waiting === 3);
    const events = (await stored()).filter((one): one is DeviceEvent => 'kind' in one);
    expect(events).toMatchObject([{ kind: 'clock-jumped', message: "the machine's clock was set back by 3600.0 s" }]);
  });

  it('cuts a message that is longer than the schema lets it be', async () => {
    reporter.event('agent-started', { message: 'x'.repeat(5000) });
    await untilOutbox(() => outbox.state.waiting === 1);
    expect(await stored()).toMatchObject([{ message: 'x'.repeat(1000) }]);
  });

  it('sends on the topics of the device', async () => {
    await connect();
    reporter.event('agent-started', { message: 'm' });
    await broker.untilMessage((m) => m.topic === deviceTopic(device, 'event'));
  });
});
