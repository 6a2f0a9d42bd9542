import { describe, expect, it } from 'vitest';
import { MemoryOutbox } from '@bellwether/agent/simulation/outbox-memory';
import { Delivery } from '@bellwether/agent/telemetry/delivery';
import type { OutboxKind } from '@bellwether/agent/telemetry/outbox';
import { UplinkError } from '@bellwether/agent/uplink/uplink';
import { silentLog } from '@bellwether/shared/log';
import { seededDice } from '../../support/dice.js';
import { ManualClock } from '../../support/manual-clock.js';

/** A broker behind a wire that a test holds: what was published, when, and what it does with each. */
class ScriptedUplink {
  connected = true;
  /** How long a message takes to be acknowledged; it stays without an answer for 30 s when this is undefined. */
  ackMs: (text: string) => number | undefined = () => 0;
  readonly sent: { readonly text: string; readonly atMs: number }[] = [];
  inFlight = 0;
  mostInFlight = 0;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  async publish(_what: string, payload: Uint8Array): Promise<void> {
    if (!this.connected) throw new UplinkError('not-connected', 'not connected');
    const text = Buffer.from(payload).toString();
    this.sent.push({ text, atMs: this.#clock.now().monotonicMs });
    const delayMs = this.ackMs(text);
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    try {
      if (delayMs === 0) return;
      await this.#clock.sleep(delayMs ?? 30_000);
      if (delayMs === undefined) throw new UplinkError('timeout', 'no acknowledgement');
    } finally {
      this.inFlight--;
    }
  }
}

class World {
  readonly clock = new ManualClock();
  readonly uplink = new ScriptedUplink(this.clock);
  readonly memory = new MemoryOutbox();
  readonly outbox = this.memory.open();
  readonly delivery: Delivery;

  constructor({ perSecond = 5, spreadMs = 1000, lot = 0.5 } = {}) {
    const { clock, uplink, outbox } = this;
    const backfill = { perSecond, spreadMs };
    this.delivery = new Delivery({ uplink, outbox, backfill, clock, random: () => lot, log: silentLog });
  }

  put(kind: OutboxKind, text: string): void {
    this.memory.put(kind, Buffer.from(text));
  }

  waitWindows(count: number): void {
    for (let i = 0; i < count; i++) this.put('window', `w${i}`);
  }

  get texts(): string[] {
    return this.uplink.sent.map(({ text }) => text);
  }

  /** How many were sent in each second. */
  perSecond(): number[] {
    const seconds = new Map<number, number>();
    for (const { atMs } of this.uplink.sent)
      seconds.set(Math.floor(atMs / 1000), (seconds.get(Math.floor(atMs / 1000)) ?? 0) + 1);
    return [...seconds.values()];
  }
}

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: from - to + 1 }, (_, i) => `w${from - i}`);

describe('delivery after a long time offline', () => {
  it('sends events and the newest 32 windows at once, and the rest newest first, so many a second', async () => {
    const world = new World();
    world.waitWindows(100);
    world.put('event', 'e0');
    await world.delivery.connected();
    expect(world.texts).toEqual(['e0', ...numbered(99, 68)]);
    await world.clock.advance(60_000);
    expect(world.texts.slice(1)).toEqual(numbered(99, 0));
    expect(world.perSecond().slice(1)).toEqual(Array.from({ length: 12 }, () => 5).concat(3));
    expect(world.outbox.state.waiting).toBe(0);
  });

  it('sends a window and an event of now at once while it goes on', async () => {
    const world = new World();
    world.waitWindows(500);
    await world.delivery.connected();
    await world.clock.advance(10_500);
    const before = world.uplink.sent.length;
    world.put('window', 'live');
    world.put('event', 'now');
    await world.delivery.run();
    expect(world.texts.slice(before)).toEqual(['now', 'live']);
    await world.clock.advance(1000);
    expect(world.texts.slice(before + 2, before + 4)).toEqual(numbered(412, 411));
  });

  it('begins within the spread by lot, and not before', async () => {
    const world = new World({ spreadMs: 60_000, lot: 0.5 });
    world.waitWindows(40);
    await world.delivery.connected();
    await world.clock.advance(29_999);
    expect(world.uplink.sent).toHaveLength(32);
    await world.clock.advance(1);
    expect(world.uplink.sent).toHaveLength(37);
  });

  it('rests as long as a slow server took', async () => {
    const world = new World();
    world.waitWindows(62);
    world.uplink.ackMs = (text) => (Number(text.slice(1)) < 30 ? 3000 : 0);
    await world.delivery.connected();
    await world.clock.advance(18_500);
    expect(world.uplink.sent.slice(32).map(({ atMs }) => atMs)).toEqual(
      [500, 6500, 12_500, 18_500].flatMap((atMs) => Array.from({ length: 5 }, () => atMs)),
    );
  });

  it('goes on past a window that is never acknowledged, and tries it again later', async () => {
    const world = new World();
    world.waitWindows(50);
    let isDenied = true;
    world.uplink.ackMs = (text) => (text === 'w10' && isDenied ? undefined : 0);
    await world.delivery.connected();
    await world.clock.advance(120_000);
    expect(world.outbox.state.waiting).toBe(1);
    isDenied = false;
    await world.delivery.run();
    await world.clock.advance(1000);
    expect(world.outbox.state).toMatchObject({ waiting: 0, lostWindows: 0 });
  });

  it('begins again at the newest on the next connection, and leaves nothing out', async () => {
    const world = new World();
    world.waitWindows(200);
    await world.delivery.connected();
    await world.clock.advance(5500);
    world.uplink.connected = false;
    await world.clock.advance(600_000);
    const before = world.uplink.sent.length;
    world.put('window', 'w200');
    world.uplink.connected = true;
    await world.delivery.connected();
    expect(world.texts.slice(before, before + 2)).toEqual(['w200', 'w137']);
    await world.clock.advance(60_000);
    expect(world.outbox.state.waiting).toBe(0);
    expect(new Set(world.texts).size).toBe(world.texts.length);
  });

  it('of a fleet that comes back together reaches the server spread out', async () => {
    const random = seededDice(7);
    const fleet = Array.from({ length: 100 }, () => new World({ spreadMs: 60_000, lot: random() }));
    for (const world of fleet) {
      world.waitWindows(100);
      await world.delivery.connected();
      await world.clock.advance(80_000);
      expect(world.outbox.state.waiting).toBe(0);
    }
    const seconds = new Map<number, number>();
    for (const { atMs } of fleet.flatMap(({ uplink }) => uplink.sent.slice(32)))
      seconds.set(Math.floor(atMs / 1000), (seconds.get(Math.floor(atMs / 1000)) ?? 0) + 1);
    // 500 a second, if all began at once; 6,800 messages in 74 s are 92.
    expect(Math.max(...seconds.values())).toBeLessThan(200);
  });

  it('has 32 live messages and one batch in flight at the most', async () => {
    const world = new World({ perSecond: 1000 });
    world.waitWindows(300);
    for (let i = 0; i < 100; i++) world.put('event', `e${i}`);
    world.uplink.ackMs = () => undefined;
    void world.delivery.connected();
    await world.clock.advance(600_000);
    expect(world.uplink.mostInFlight).toBeLessThanOrEqual(64);
    world.delivery.stop();
  });

  it('sends nothing any more once it is stopped', async () => {
    const world = new World();
    world.waitWindows(100);
    await world.delivery.connected();
    await world.clock.advance(1500);
    world.delivery.stop();
    const { length } = world.uplink.sent;
    await world.clock.advance(600_000);
    await world.delivery.run();
    expect(world.uplink.sent).toHaveLength(length);
    expect(world.clock.pending).toEqual([]);
  });
});
