import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Throttle } from '@bellwether/agent/telemetry/throttle';
import { ManualClock } from '../../support/manual-clock.js';

describe('the throttle', () => {
  let clock: ManualClock;
  let throttle: Throttle;
  /** Percent of a core that the agent takes from now on; of a runner, and what of it was asked by applications or in the shadow. */
  let load = { agent: 0, runner: 0, calls: 0, shadow: 0 };
  let used = { agent: 0, runner: 0, calls: 0, shadow: 0 };
  let switched: string[];
  let told: { readonly code?: string | undefined; readonly message: string }[];

  beforeEach(() => {
    clock = new ManualClock();
    load = { agent: 0, runner: 0, calls: 0, shadow: 0 };
    used = { agent: 0, runner: 0, calls: 0, shadow: 0 };
    switched = [];
    told = [];
    throttle = new Throttle({
      ceilingPct: 15,
      processors: () => ({
        agentMicros: used.agent,
        runners: new Map([[7, { cpuMicros: used.runner, computeMicros: used.calls, threads: 1 }]]),
      }),
      shadowMicros: () => used.shadow,
      switches: {
        shadow: (isShed) => switched.push(`shadow ${isShed}`),
        inputs: (isShed) => switched.push(`inputs ${isShed}`),
      },
      onChange: (_shed, details) => told.push(details),
      clock,
    });
    throttle.start();
  });
  afterEach(() => throttle.stop());

  /** Seconds pass under the load. */
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      for (const name of ['agent', 'runner', 'calls', 'shadow'] as const) used[name] += load[name] * 10_000;
      await clock.advance(1000);
    }
  }

  it('leaves out in the order of the design and says why, and brings back in the reverse', async () => {
    load.agent = 20;
    await pass(60);
    expect(switched).toEqual(['inputs true', 'shadow true']);
    expect(throttle.state).toEqual({ ceilingPct: 15, ownCpuPct: 20, shed: ['inputs', 'shadow'] });
    expect(told.map(({ code }) => code)).toEqual(['shed-inputs', 'shed-shadow']);
    expect(told[0]?.message).toBe(
      'the agent itself took 20.0 % of a core, above 15 %: it stops counting watched inputs',
    );
    load.agent = 2;
    await pass(600);
    expect(switched.slice(2)).toEqual(['shadow false', 'inputs false']);
    expect(throttle.state.shed).toEqual([]);
  });

  it('never takes an application’s calls for its own, however many there are', async () => {
    load = { agent: 10, runner: 80, calls: 79, shadow: 0 };
    await pass(600);
    expect(switched).toEqual([]);
    expect(throttle.state.ownCpuPct).toBeCloseTo(11, 6);
  });

  it('takes calls in the shadow for its own', async () => {
    load = { agent: 10, runner: 20, calls: 20, shadow: 9 };
    await pass(30);
    expect(throttle.state.ownCpuPct).toBeCloseTo(19, 6);
    expect(switched).toEqual(['inputs true']);
  });

  it('takes a lower ceiling from an order, and never a higher one', async () => {
    load.agent = 10;
    throttle.setCeiling(90);
    expect(throttle.state.ceilingPct).toBe(15);
    throttle.setCeiling(5);
    await pass(30);
    expect(switched).toEqual(['inputs true']);
  });

  it('looks no more once it has stopped', async () => {
    load.agent = 90;
    throttle.stop();
    await pass(120);
    expect(switched).toEqual([]);
  });
});
