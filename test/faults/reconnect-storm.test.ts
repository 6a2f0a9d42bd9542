import { afterEach, describe, expect, it } from 'vitest';
import { UplinkMqtt } from '@bellwether/agent/uplink/uplink-mqtt';
import { silentLog } from '@bellwether/shared/log';
import { type Broker, startBroker } from '../support/broker.js';
import { seededDice } from '../support/dice.js';
import { ManualClock } from '../support/manual-clock.js';

const agents = 200;
/** How long the server is away. */
const outageMs = 5_000;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Many uplinks with the agent's real back-off and real connections, on one clock; when each asked for a session, and when it was back. */
class Fleet {
  readonly clock = new ManualClock();
  readonly asked: number[] = [];
  readonly back: number[] = [];
  broker: Broker;
  #connected = 0;

  constructor(broker: Broker) {
    this.broker = broker;
  }

  start(): void {
    const random = seededDice(5);
    for (let i = 0; i < agents; i++) {
      const uplink = new UplinkMqtt({
        device: `pi-${i}-0123456789abcdef`,
        runId: 'ab'.repeat(16),
        openSession: () => {
          this.asked.push(this.clock.now().monotonicMs);
          return Promise.resolve({ mqttUrl: this.broker.url, token: 't' });
        },
        clock: this.clock,
        log: silentLog,
        random,
      });
      uplink.start({
        order: () => Promise.resolve(),
        connected: () => {
          this.#connected++;
          this.back.push(this.clock.now().monotonicMs);
        },
        disconnected: () => {
          this.#connected = Math.max(0, this.#connected - 1);
        },
      });
      stops.push(() => uplink.stop());
    }
  }

  /** Real connections take real time, the clock stands still meanwhile. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise(setImmediate);
  }

  get connected(): number {
    return this.#connected;
  }
}

/** How many fall into each stretch of `binMs`. */
function histogram(times: readonly number[], binMs: number): number[] {
  const bins = new Map<number, number>();
  for (const time of times) bins.set(Math.floor(time / binMs), (bins.get(Math.floor(time / binMs)) ?? 0) + 1);
  return [...bins.values()];
}

describe('two hundred agents whose server restarts', () => {
  it('come back spread over seconds, each with few attempts', async () => {
    const fleet = new Fleet(await startBroker());
    fleet.start();
    await fleet.until(() => fleet.connected === agents);
    const { url } = fleet.broker;
    await fleet.broker.stop();
    const lostAtMs = fleet.clock.now().monotonicMs;
    fleet.asked.length = 0;
    fleet.back.length = 0;
    await fleet.until(() => fleet.clock.pending.length === agents);
    for (let atMs = 0; atMs < outageMs; atMs += 100) {
      await fleet.clock.advance(100);
      // Who asked is refused at once and waits again.
      await fleet.until(() => fleet.clock.pending.length >= agents);
    }
    const attempts = fleet.asked.length;
    fleet.broker = await startBroker({}, Number(new URL(url).port));
    stops.push(() => fleet.broker.stop());
    while (fleet.connected < agents) {
      await fleet.clock.advance(100);
      const due = fleet.asked.length;
      await fleet.until(() => fleet.back.length >= due - attempts);
    }
    const backAfter = fleet.back.map((atMs) => atMs - lostAtMs - outageMs);
    // Five seconds away: about three attempts each, and nobody more than four.
    expect(attempts).toBeLessThanOrEqual(agents * 4);
    expect(fleet.asked.length - attempts).toBe(agents);
    expect(Math.max(...backAfter) - Math.min(...backAfter)).toBeGreaterThan(2_000);
    // No 100 ms in which a tenth of the fleet comes at once.
    expect(Math.max(...histogram(backAfter, 100))).toBeLessThan(agents / 10);
  });
});
