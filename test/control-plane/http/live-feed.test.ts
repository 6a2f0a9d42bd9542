import { beforeEach, describe, expect, it } from 'vitest';
import { LiveFeed } from '@bellwether/control-plane/http/live-feed';
import type { TimelineEvent } from '@bellwether/control-plane/timeline/timeline-api';
import { ManualClock } from '../../support/manual-clock.js';
import { timelineEvent } from '../../support/operator-views.js';

let clock: ManualClock;
let feed: LiveFeed;
let dropped = 0;
let rows: TimelineEvent[] = [];
beforeEach(() => {
  clock = new ManualClock();
  rows = [];
  feed = new LiveFeed(clock, {
    newest: () => rows.at(-1)?.id ?? 0,
    since: (id, limit) => rows.filter((row) => row.id > id).slice(-limit),
  });
  dropped = 0;
});

function watch() {
  const over = new AbortController();
  const watcher = feed.watch(over.signal, () => {
    dropped++;
    over.abort();
  });
  return { watcher, over };
}
function happens(message: string): void {
  rows.push(timelineEvent('d', { id: rows.length + 1, message }));
  feed.eventsHappened();
}

describe('the live feed', () => {
  it('tells a thing once in half a second, however often it changed', async () => {
    const { watcher } = watch();
    const batch = watcher.next();
    for (let i = 0; i < 100; i++) feed.deviceChanged('pi');
    feed.rolloutChanged('r1');
    expect(clock.pending).toEqual([500]);
    await clock.advance(500);
    expect(await batch).toEqual({
      devices: new Set(['pi']),
      rollouts: new Set(['r1']),
      alerts: new Set(),
      releases: false,
      events: [],
    });
  });

  it('keeps what changes while a watcher is busy for its next batch', async () => {
    const { watcher } = watch();
    const first = watcher.next();
    feed.deviceChanged('a');
    await clock.advance(500);
    await first;
    feed.deviceChanged('b');
    feed.releasesChanged();
    await clock.advance(500);
    const second = watcher.next();
    feed.deviceChanged('c');
    await clock.advance(500);
    expect(await second).toMatchObject({ devices: new Set(['b', 'c']), releases: true });
  });

  it('hands out what a busy watcher missed though nothing else changes', async () => {
    const { watcher } = watch();
    feed.deviceChanged('a');
    await clock.advance(500);
    const batch = watcher.next();
    await clock.advance(500);
    expect(await batch).toMatchObject({ devices: new Set(['a']) });
    expect(clock.pending).toEqual([]);
  });

  it('bounds what waits: the newest events, and each thing once', async () => {
    const { watcher } = watch();
    for (let i = 0; i < 2000; i++) happens(`${i}`);
    const batch = watcher.next();
    await clock.advance(500);
    const events = (await batch)?.events ?? [];
    expect([events.length, events.at(-1)?.message]).toEqual([500, '1999']);
  });

  it('tells a row of the timeline once, and none from before anybody watched', async () => {
    happens('before');
    const { watcher } = watch();
    const tell = async () => {
      const batch = watcher.next();
      await clock.advance(500);
      return (await batch)?.events.map(({ message }) => message);
    };
    happens('a');
    expect(await tell()).toEqual(['a']);
    happens('b');
    feed.deviceChanged('pi');
    expect(await tell()).toEqual(['b']);
    feed.deviceChanged('pi');
    expect(await tell()).toEqual([]);
  });

  it('drops a watcher that does not take its batch', async () => {
    const { watcher } = watch();
    const batch = watcher.next();
    feed.deviceChanged('a');
    await clock.advance(500);
    await batch;
    await clock.advance(15_000);
    expect(dropped).toBe(0);
    feed.deviceChanged('b');
    await clock.advance(500);
    expect(dropped).toBe(1);
  });

  it('ends with the connection, and with the server', async () => {
    const { watcher, over } = watch();
    const last = watcher.next();
    over.abort();
    expect(await last).toBeUndefined();
    expect(await watcher.next()).toBeUndefined();
    watch();
    feed.stop();
    expect(dropped).toBe(1);
  });

  it('costs nothing while nobody watches', () => {
    feed.deviceChanged('pi');
    expect(clock.pending).toEqual([]);
  });
});
