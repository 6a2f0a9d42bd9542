import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WebhookHealth } from '@bellwether/control-plane/webhooks/webhook';
import { type Attempt, deliveryAfter, healthAfter } from '@bellwether/control-plane/webhooks/webhook-attempt';

const hourMs = 3_600_000;
const away: Attempt = { kind: 'unreachable', status: null, problem: 'refused', retryAfterMs: null };
const delivered: Attempt = { kind: 'delivered', status: 204 };
const refused = (status: number, retryAfterMs: number | null = null): Attempt => {
  return { kind: 'refused', status, retryAfterMs };
};

describe('deliveryAfter', () => {
  const delays = (dice: number) => {
    const all: number[] = [];
    let nowMs = 0;
    for (let attempts = 1; ; attempts++) {
      const next = deliveryAfter({ createdAtMs: 0, attempts }, away, { nowMs, dice });
      if (next.kind !== 'again') return { all, endMs: nowMs };
      all.push(next.atMs - nowMs);
      nowMs = next.atMs;
    }
  };

  it('tries again after 5 s, doubled up to an hour, until it is a day old', () => {
    const { all, endMs } = delays(1);
    expect(all.slice(0, 5)).toEqual([5_000, 10_000, 20_000, 40_000, 80_000]);
    expect(Math.max(...all)).toBe(hourMs);
    expect(endMs).toBeGreaterThan(22 * hourMs);
    expect(endMs).toBeLessThan(24 * hourMs);
    expect(all.length).toBeGreaterThan(20);
  });

  it('waits between half and all of it, whatever the dice say', () => {
    const whole = delays(1).all;
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (dice) => {
        for (const [i, delay] of delays(dice).all.slice(0, 12).entries()) {
          expect(delay).toBeGreaterThanOrEqual((whole[i] ?? 0) / 2);
          expect(delay).toBeLessThanOrEqual(whole[i] ?? 0);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('gives a receiver the time that it asks for, up to an hour', () => {
    const after = (attempt: Attempt) => deliveryAfter({ createdAtMs: 0, attempts: 1 }, attempt, { nowMs: 0, dice: 1 });
    expect(after(refused(429, 120_000))).toEqual({ kind: 'again', atMs: 120_000 });
    expect(after(refused(429, 9 * hourMs))).toEqual({ kind: 'again', atMs: hourMs });
    expect(after(refused(400, 1))).toEqual({ kind: 'again', atMs: 5_000 });
    expect(after(delivered)).toEqual({ kind: 'done' });
  });
});

describe('healthAfter', () => {
  const fresh: WebhookHealth = { failingSinceMs: null, disabledAtMs: null, triedAtMs: null, problem: null };
  const failing = (hours: readonly number[], last: Attempt = away) => {
    let health = fresh;
    for (const hour of hours) health = healthAfter(health, last, hour * hourMs);
    return health;
  };
  const hourly = (to: number) => Array.from({ length: to + 1 }, (_, hour) => hour);

  it('disables what has failed for three days, and not before', () => {
    expect(failing(hourly(71))).toMatchObject({ failingSinceMs: 0, disabledAtMs: null, problem: 'refused' });
    expect(failing(hourly(72)).disabledAtMs).toBe(72 * hourMs);
  });

  it('knows nothing of days on which nothing was sent', () => {
    expect(failing([0, 1, 100])).toMatchObject({ failingSinceMs: 100 * hourMs, disabledAtMs: null });
  });

  it('forgets all of it when something arrives', () => {
    const after = healthAfter(failing(hourly(71)), delivered, 71 * hourMs);
    expect(after).toEqual({ ...fresh, triedAtMs: 71 * hourMs });
  });

  it('believes a receiver that is gone for ever', () => {
    expect(failing([5], refused(410)).disabledAtMs).toBe(5 * hourMs);
    expect(failing([5], refused(404))).toMatchObject({ disabledAtMs: null, problem: 'it answered 404' });
  });
});
