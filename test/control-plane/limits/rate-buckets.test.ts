import { describe, expect, it } from 'vitest';
import { RateBuckets } from '@bellwether/control-plane/limits/rate-buckets';

const rate = { burst: 3, refillMs: 1000 };

describe('a rate', () => {
  it('gives each key its burst, and then one more in its time, but never more than the burst', () => {
    const buckets = new RateBuckets(rate);
    const take = (nowMs: number) => buckets.take('a', nowMs);
    expect([take(0), take(0), take(0), take(0)]).toEqual([0, 0, 0, 1000]);
    expect([take(400), take(1000), take(1000)]).toEqual([600, 0, 1000]);
    expect([take(60_000), take(60_000), take(60_000), take(60_000)]).toEqual([0, 0, 0, 1000]);
    expect(buckets.take('b', 0)).toBe(0);
  });

  it('is not starved by who asks without end: what is refused costs nothing', () => {
    const buckets = new RateBuckets(rate);
    let taken = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs += 10) if (buckets.take('a', nowMs) === 0) taken++;
    expect(taken).toBe(3 + 9);
  });

  it('remembers ten thousand keys, and forgets the one that was not used for longest', () => {
    const buckets = new RateBuckets(rate);
    for (let i = 0; i < 3; i++) buckets.take('a', 0);
    for (let i = 0; i < 9999; i++) buckets.take(`other ${i}`, 0);
    expect(buckets.take('a', 0)).toBe(1000);
    buckets.take('one more', 0);
    expect(buckets.take('a', 0)).toBe(0);
  });
});
