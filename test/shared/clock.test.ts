import { describe, expect, it } from 'vitest';
import { systemClock } from '@bellwether/shared/clock';
import { ManualClock } from '../support/manual-clock.js';

/** What every clock must do; `pass` lets 20 ms go by. */
describe.each([
  ['the clock of the machine', () => ({ clock: systemClock, pass: () => systemClock.sleep(20) })],
  [
    'the manual clock',
    () => {
      const clock = new ManualClock();
      return { clock, pass: () => clock.advance(20) };
    },
  ],
])('%s', (_name, make) => {
  it('goes forward on both faces', async () => {
    const { clock, pass } = make();
    const before = clock.now();
    await pass();
    const after = clock.now();
    expect(after.monotonicMs - before.monotonicMs).toBeGreaterThan(15);
    expect(after.wallMs - before.wallMs).toBeGreaterThan(15);
  });

  it('calls back once, unless it was cancelled, which may happen twice', async () => {
    const { clock, pass } = make();
    const calls: string[] = [];
    clock.after(5, () => calls.push('kept'));
    const cancel = clock.after(5, () => calls.push('cancelled'));
    cancel();
    cancel();
    await pass();
    await pass();
    expect(calls).toEqual(['kept']);
  });

  it('wakes a sleeper when its signal aborts, and at once when it already has', async () => {
    const { clock } = make();
    const stop = new AbortController();
    const sleeping = clock.sleep(3_600_000, stop.signal);
    stop.abort();
    await sleeping;
    await clock.sleep(3_600_000, stop.signal);
    expect(stop.signal.aborted).toBe(true);
  });

  it('lets a sleeper sleep', async () => {
    const { clock, pass } = make();
    let isAwake = false;
    const sleeping = clock.sleep(10, new AbortController().signal).then(() => {
      isAwake = true;
    });
    expect(isAwake).toBe(false);
    await pass();
    await sleeping;
    expect(isAwake).toBe(true);
  });
});
