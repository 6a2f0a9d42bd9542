import { beforeEach, describe, expect, it } from 'vitest';
import { endedKeptMs, FleetPublisher } from '@bellwether/control-plane/consumers/fleet-publisher';
import type { FleetNews } from '@bellwether/control-plane/consumers/fleet-source';
import { silentLog } from '@bellwether/shared/log';
import { BusyClock } from '../../support/busy-clock.js';

let clock: BusyClock;
let publisher: FleetPublisher;
let rollouts: Map<string, FleetNews>;
let sent: string[];
let isReachable = true;

beforeEach(() => {
  clock = new BusyClock();
  rollouts = new Map();
  sent = [];
  isReachable = true;
  publisher = new FleetPublisher({ channel: { publishRetained }, clock, log: silentLog });
  publisher.add('rollouts', { all: () => rollouts, of: (id) => rollouts.get(id) });
});

async function publishRetained(topic: string, payload: Uint8Array): Promise<void> {
  if (!isReachable) throw new Error('the broker cannot be reached');
  sent.push(`${topic.replace('bw/v1/fleet/', '')} ${Buffer.from(payload).toString()}`);
}

const news = (phase: string, endedAtMs: number | null = null): FleetNews => ({ document: { phase }, endedAtMs });
const taken = () => sent.splice(0);

describe('the publisher of fleet topics', () => {
  it('tells everything at the start, and only then what changes', async () => {
    rollouts.set('r1', news('rolling'));
    publisher.changed('rollouts', 'r1');
    expect(clock.pending).toEqual([]);
    await publisher.start();
    expect(taken()).toEqual(['rollouts/r1 {"phase":"rolling"}']);
    await publisher.stop();
    await publisher.start();
    expect(taken()).toEqual(['rollouts/r1 {"phase":"rolling"}']);
  });

  it('tells what changed often once in a second, and what came out the same not at all', async () => {
    rollouts.set('r1', news('rolling')).set('r2', news('rolling'));
    await publisher.start();
    taken();
    for (let i = 0; i < 100; i++) publisher.changed('rollouts', 'r1');
    publisher.changed('rollouts', 'r2');
    rollouts.set('r1', news('held'));
    await clock.advance(1000);
    expect(taken()).toEqual(['rollouts/r1 {"phase":"held"}']);
  });

  it('clears what there is nothing more to tell of', async () => {
    rollouts.set('r1', news('rolling')).set('r2', news('rolling'));
    await publisher.start();
    taken();
    rollouts.delete('r1');
    publisher.changed('rollouts');
    await clock.advance(1000);
    expect(taken()).toEqual(['rollouts/r1 ']);
  });

  it('clears what has ended a week after its end, also when it was not there then', async () => {
    const endedAtMs = clock.now().wallMs;
    rollouts.set('r1', news('done', endedAtMs));
    await publisher.start();
    expect(taken()).toEqual(['rollouts/r1 {"phase":"done"}']);
    await clock.advance(endedKeptMs - 1);
    expect(taken()).toEqual([]);
    await clock.advance(120_000);
    expect(taken()).toEqual(['rollouts/r1 ']);
    await publisher.stop();
    await publisher.start();
    expect(taken()).toEqual([]);
  });

  it('tells again what the broker did not take', async () => {
    await publisher.start();
    rollouts.set('r1', news('rolling'));
    isReachable = false;
    publisher.changed('rollouts', 'r1');
    await clock.advance(1000);
    isReachable = true;
    await clock.advance(3_600_000);
    expect(taken()).toEqual(['rollouts/r1 {"phase":"rolling"}']);
  });

  it('gives what takes long to tell of 5 % of the time, and keeps nothing else waiting', async () => {
    publisher.add('rollouts', {
      all: () => [],
      of: () => {
        clock.spentMs += 500;
        return news(`after ${clock.spentMs}`);
      },
    });
    publisher.add('alerts', { all: () => [], of: () => news(`after ${clock.spentMs}`) });
    await publisher.start();
    publisher.changed('rollouts', 'r1');
    await clock.advance(1000);
    expect(taken()).toEqual(['rollouts/r1 {"phase":"after 500"}']);
    // Once may be a machine that stood still.
    publisher.changed('rollouts', 'r1');
    await clock.advance(1000);
    expect(taken()).toEqual(['rollouts/r1 {"phase":"after 1000"}']);
    publisher.changed('rollouts', 'r1');
    publisher.changed('alerts', 'a1');
    await clock.advance(1000);
    expect(taken()).toEqual(['alerts/a1 {"phase":"after 1000"}']);
    await clock.advance(8000);
    expect(taken()).toEqual([]);
    await clock.advance(1000);
    expect(taken()).toEqual(['rollouts/r1 {"phase":"after 1500"}']);
  });

  it('says nothing more after its stop', async () => {
    await publisher.start();
    publisher.changed('rollouts', 'r1');
    await publisher.stop();
    expect(clock.pending).toEqual([]);
  });
});
