import { describe, expect, it } from 'vitest';
import { WindowFacts } from '@bellwether/control-plane/alerts/window-facts';
import { decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import type { Window } from '@bellwether/shared/contract/window';
import { armOf, bytesOf, deviceId, eventOf, windowOf } from '../../support/telemetry-messages.js';

const t0 = 1_700_000_040_000;

function watch(budgetMs = 10) {
  const asked = new Array<string>();
  const storedWindowMs = (device: string) => {
    asked.push(device);
    return device === deviceId ? 60_000 : undefined;
  };
  const facts = new WindowFacts({ budgetMsOf: () => budgetMs, isMember: () => true, storedWindowMs });
  const take = (changes: Partial<Window>, arrivedAtMs: number): void => {
    const message = decodeMessage(deviceId, 'window', bytesOf(windowOf(changes)));
    if (message.kind === 'window') facts.window(message.value, message.arms, arrivedAtMs);
  };
  const valueOf = (rule: string, atMs: number) => {
    return [...facts.readings(atMs)].find((reading) => reading.rule === rule)?.value;
  };
  return { facts, take, valueOf, asked };
}
const calls = (count: number, latencyUs = 1000): number[] => Array.from({ length: count }, () => latencyUs);

describe('WindowFacts', () => {
  it('knows how long windows were that came before the start, and reads them once', () => {
    const { facts, take, asked } = watch();
    expect([1, 2].map(() => facts.windowMsOf(deviceId))).toEqual([60_000, 60_000]);
    expect([1, 2].map(() => facts.windowMsOf('other'))).toEqual([undefined, undefined]);
    expect(asked).toEqual([deviceId, 'other']);
    take({ startMs: 1000, endMs: 6000 }, t0);
    expect(facts.windowMsOf(deviceId)).toBe(5000);
  });

  it('tells the part of the calls that failed, once there are enough', () => {
    const { take, valueOf } = watch();
    const arm = armOf(calls(47), { requests: 49, errors: { engine: 1 }, invalid: 1 });
    take({ arms: [arm], wallEndMs: t0 }, t0);
    expect(valueOf('error-rate', t0)).toBeUndefined();
    take({ arms: [arm], wallEndMs: t0 + 5000, sequence: 1 }, t0 + 5000);
    expect(valueOf('error-rate', t0 + 5000)).toBeCloseTo((100 * 4) / 98);
    expect(valueOf('error-rate', t0 + 6 * 60_000)).toBeUndefined();
  });

  it('tells nothing of now by windows that waited on the device, nor of shadow', () => {
    const { take, valueOf } = watch();
    const arm = armOf(calls(50), { requests: 100, errors: { engine: 50 } });
    take({ arms: [arm], wallEndMs: t0 - 3_600_000 }, t0);
    take({ arms: [{ ...arm, arm: 'shadow' }], wallEndMs: t0 }, t0);
    expect(valueOf('error-rate', t0)).toBeUndefined();
  });

  it('tells the part of the calls that took longer than the budget', () => {
    const { take, valueOf } = watch(10);
    take({ arms: [armOf([...calls(198), ...calls(2, 11_000)])], wallEndMs: t0 }, t0);
    expect(valueOf('latency-budget', t0)).toBeCloseTo(1);
    expect(valueOf('error-rate', t0)).toBeUndefined();
  });

  it('counts deaths of runners, and starts of the agent beyond the first', () => {
    const { facts, take, valueOf } = watch();
    take({ arms: [armOf([], { runnerDeaths: 2 })], wallEndMs: t0 }, t0);
    expect(valueOf('crash-loop', t0)).toBe(2);
    expect(valueOf('crash-loop', t0 + 16 * 60_000)).toBeUndefined();
    for (const second of [0, 10, 20]) {
      const atMs = t0 + 3_600_000 + second * 1000;
      facts.event(eventOf({ sequence: second, atMs }), atMs);
    }
    expect(valueOf('crash-loop', t0 + 3_620_000)).toBe(2);
  });

  it('sees no crash loop in the starts of weeks that a device tells of when it is back', () => {
    const { facts, valueOf } = watch();
    for (const day of [0, 1, 2, 3, 4]) {
      facts.event(eventOf({ sequence: 4 - day, atMs: t0 - day * 86_400_000 }), t0 + 1000 * day);
    }
    expect(valueOf('crash-loop', t0 + 5000)).toBeUndefined();
  });

  it.each([1, 4_070_908_800_000])('counts starts of a clock that stands at %i when they are heard of', (atMs) => {
    const { facts, valueOf } = watch();
    for (const second of [0, 10, 20]) facts.event(eventOf({ sequence: second, atMs }), t0 + second * 1000);
    expect(valueOf('crash-loop', t0 + 20_000)).toBe(2);
  });

  it('counts what was lost since the first window that it saw, for an hour', () => {
    const { take, valueOf } = watch();
    const lost = (lostWindows: number) => ({ waiting: 0, bytes: 0, lostWindows, lostEvents: 1 });
    take({ outbox: lost(5) }, t0);
    expect(valueOf('telemetry-lost', t0)).toBeUndefined();
    take({ outbox: lost(8), sequence: 2 }, t0 + 2000);
    take({ outbox: lost(6), sequence: 1 }, t0 + 3000);
    expect(valueOf('telemetry-lost', t0 + 3000)).toBe(3);
    expect(valueOf('telemetry-lost', t0 + 3_700_000)).toBeUndefined();
  });

  it('tells how far a clock is off by the fastest window, late ones notwithstanding', () => {
    const { take, valueOf } = watch();
    take({ wallEndMs: t0 - 90_000 }, t0);
    expect(valueOf('clock-skew', t0)).toBe(90);
    take({ wallEndMs: t0 + 1000 - 900, sequence: 1 }, t0 + 1000);
    expect(valueOf('clock-skew', t0 + 1000)).toBeUndefined();
    take({ wallEndMs: t0 + 3_600_000 + 120_000, sequence: 2 }, t0 + 3_600_000);
    expect(valueOf('clock-skew', t0 + 3_600_000)).toBe(120);
  });

  it('tells what calls did before a release came, of its model and without it, or of all', () => {
    const { facts, take } = watch();
    const minute = (n: number) => t0 + n * 60_000;
    const digits = (n: number, failed: number, version = '1.0.0', model = 'digits') =>
      take(
        {
          sequence: n * 10,
          arms: [armOf(calls(90), { model, version, errors: { engine: failed } })],
          wallEndMs: minute(n),
        },
        minute(n),
      );
    digits(0, 1);
    digits(1, 2);
    digits(2, 9, '1.1.0');
    digits(1, 3, '1.0.0', 'voice');
    digits(3, 50);
    expect(facts.callsBefore(deviceId, minute(3), 'digits@1.1.0')).toEqual({ calls: 180, bad: 3, deaths: 0 });
    expect(facts.callsBefore(deviceId, minute(3), undefined)).toEqual({ calls: 360, bad: 15, deaths: 0 });
    expect(facts.callsBefore(deviceId, minute(16), 'digits@1.1.0')).toEqual({ calls: 180, bad: 52, deaths: 0 });
    expect(facts.callsBefore(deviceId, minute(3), 'sound@1.0.0')).toBeUndefined();
    expect(facts.callsBefore('other', minute(3), undefined)).toBeUndefined();
    expect(facts.hasCalls(deviceId, 'digits')).toBe(true);
    expect([facts.hasCalls(deviceId, 'sound'), facts.hasCalls('other', 'digits')]).toEqual([false, false]);
  });
});
