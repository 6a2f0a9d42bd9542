import { assert, double, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, refusalBackoff } from '@bellwether/agent/reconcile/backoff';
import { Retries } from '@bellwether/agent/reconcile/retries';
import { digitsRelease } from '../../support/installs.js';
import { ManualClock } from '../../support/manual-clock.js';

const backoff = { firstMs: 1000, maxMs: 60_000 };

describe('back-off', () => {
  it('doubles up to its bound', () => {
    expect([1, 2, 3, 6, 7, 100].map((attempt) => backoffMs(backoff, attempt, 1))).toEqual([
      1000, 2000, 4000, 32_000, 60_000, 60_000,
    ]);
  });

  it('lies between half and all of the delay, whatever the dice say', () => {
    assert(
      property(integer({ min: 1, max: 10_000 }), double({ min: 0, max: 1, noNaN: true }), (attempt, dice) => {
        const ceiling = backoffMs(backoff, attempt, 1);
        const delay = backoffMs(backoff, attempt, dice);
        return delay >= Math.floor(ceiling / 2) && delay <= ceiling;
      }),
    );
  });

  it('of passing refusals ends at a day', () => {
    expect(backoffMs(refusalBackoff, 50, 1)).toBe(86_400_000);
  });
});

describe('retries', () => {
  const release = digitsRelease('1.0.0');
  const other = digitsRelease('1.1.0');

  it('count down with the clock', async () => {
    const clock = new ManualClock();
    const retries = new Retries(clock, () => 1);
    expect(retries.waitMs(release, clock.now().monotonicMs)).toBe(0);
    retries.failed(release, 'disk', backoff);
    expect(retries.waitMs(release, clock.now().monotonicMs)).toBe(1000);
    await clock.advance(400);
    expect(retries.waitMs(release, clock.now().monotonicMs)).toBe(600);
    await clock.advance(600);
    expect(retries.waitMs(release, clock.now().monotonicMs)).toBe(0);
    expect(retries.waitMs(other, clock.now().monotonicMs)).toBe(0);
  });

  it('grow until the release is tried with success', () => {
    const retries = new Retries(new ManualClock(), () => 1);
    for (const expected of [1000, 2000, 4000]) {
      retries.failed(release, 'disk', backoff);
      expect(retries.waitMs(release, 0)).toBe(expected);
    }
    retries.clear(release);
    expect(retries.waitMs(release, 0)).toBe(0);
    retries.failed(release, 'disk', backoff);
    expect(retries.waitMs(release, 0)).toBe(1000);
  });

  it('end with the outage for what waited for the network, and for nothing else', () => {
    const retries = new Retries(new ManualClock(), () => 1);
    retries.failed(release, 'metadata-stale', backoff);
    retries.failed(other, 'disk', backoff);
    retries.clearNetwork();
    expect(retries.waitMs(release, 0)).toBe(0);
    expect(retries.waitMs(other, 0)).toBe(1000);
    retries.clearAll();
    expect(retries.waitMs(other, 0)).toBe(0);
  });
});
