import { describe, expect, it } from 'vitest';
import { ReconcileLoop } from '@bellwether/agent/reconcile/loop';
import type { Step } from '@bellwether/agent/reconcile/step';
import { silentLog } from '@bellwether/shared/log';
import { digitsRelease, orderDigest } from '../../support/installs.js';
import { ManualClock } from '../../support/manual-clock.js';

const order = orderDigest('now');
const install = (version: string): Step => ({
  type: 'install',
  lane: 'install',
  release: digitsRelease(version),
  order,
  reason: 'ordered',
});
const settle = (model: string): Step => ({
  type: 'settle',
  lane: `serving/${model}`,
  release: digitsRelease('1.0.0', model),
  reason: 'time is up',
});

interface Begun {
  readonly step: Step;
  readonly signal: AbortSignal;
  /** The step has done its work: the plan holds it no more. */
  finish(): void;
  fail(error: Error): void;
}

/** A loop over a plan that the test writes, and steps that it ends. */
class LoopBench {
  readonly clock = new ManualClock();
  readonly begun: Begun[] = [];
  steps: Step[] = [];
  lookAgainMs: number | null = null;
  passes = 0;
  readonly loop = new ReconcileLoop({
    plan: () => ({ steps: this.steps, lookAgainMs: this.lookAgainMs }),
    execute: (step, signal) => this.#execute(step, signal),
    onPass: () => {
      this.passes++;
    },
    clock: this.clock,
    log: silentLog,
  });

  /** Lets every promise that is settled run. */
  async settled(): Promise<void> {
    await new Promise(setImmediate);
  }

  async replan(...steps: Step[]): Promise<void> {
    this.steps = steps;
    this.loop.wake();
    await this.settled();
  }

  get running(): string[] {
    return this.begun.filter(({ signal }) => !signal.aborted).map(({ step }) => step.type);
  }

  #execute(step: Step, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        this.steps = this.steps.filter((planned) => planned !== step);
        resolve();
      };
      signal.addEventListener('abort', () => resolve());
      this.begun.push({ step, signal, finish, fail: reject });
    });
  }
}

describe('the reconcile loop', () => {
  it('does nothing before it is started', async () => {
    const bench = new LoopBench();
    await bench.replan(install('1.0.0'));
    expect(bench.begun).toEqual([]);
  });

  it('begins a planned step once, however often it is woken', async () => {
    const bench = new LoopBench();
    bench.steps = [install('1.0.0')];
    bench.loop.start();
    bench.loop.start();
    bench.loop.wake();
    await bench.settled();
    bench.loop.wake();
    await bench.settled();
    expect(bench.begun).toHaveLength(1);
  });

  it('looks again when a step has ended, until the plan is empty', async () => {
    const bench = new LoopBench();
    bench.steps = [install('1.0.0'), install('1.1.0')];
    bench.loop.start();
    await bench.settled();
    expect(bench.begun.map(({ step }) => step)).toEqual([install('1.0.0')]);
    bench.begun[0]?.finish();
    await bench.settled();
    expect(bench.begun.map(({ step }) => step)).toEqual([install('1.0.0'), install('1.1.0')]);
    bench.begun[1]?.finish();
    await bench.settled();
    expect(bench.begun).toHaveLength(2);
    expect(bench.passes).toBe(3);
  });

  it('aborts a step that the newest order does not want, and begins the one that it wants', async () => {
    const bench = new LoopBench();
    bench.loop.start();
    await bench.replan(install('1.0.0'));
    await bench.replan(install('1.1.0'));
    await bench.settled();
    expect(bench.begun.map(({ step, signal }) => [step, signal.aborted])).toEqual([
      [install('1.0.0'), true],
      [install('1.1.0'), false],
    ]);
  });

  it('leaves a running step alone when only its reason has changed', async () => {
    const bench = new LoopBench();
    bench.loop.start();
    await bench.replan(install('1.0.0'));
    await bench.replan({ ...install('1.0.0'), reason: 'ordered, and fetching' });
    expect(bench.begun.map(({ signal }) => signal.aborted)).toEqual([false]);
  });

  it('does not begin the next step of a lane before the aborted one has ended', async () => {
    const bench = new LoopBench();
    let end: () => void = () => {};
    let begun = 0;
    const slow = new ReconcileLoop({
      plan: () => ({ steps: bench.steps, lookAgainMs: null }),
      execute: () => {
        begun++;
        return new Promise((resolve) => {
          end = resolve;
        });
      },
      onPass: () => {},
      clock: bench.clock,
      log: silentLog,
    });
    bench.steps = [install('1.0.0')];
    slow.start();
    await bench.settled();
    bench.steps = [install('1.1.0')];
    slow.wake();
    await bench.settled();
    expect(begun).toBe(1);
    end();
    await bench.settled();
    expect(begun).toBe(2);
  });

  it('lets other lanes go on: a long download does not keep a model from settling', async () => {
    const bench = new LoopBench();
    bench.loop.start();
    await bench.replan(install('1.0.0'), settle('digits'), settle('vad'));
    expect(bench.running).toEqual(['install', 'settle', 'settle']);
  });

  it('looks again by the clock where the plan says so', async () => {
    const bench = new LoopBench();
    bench.lookAgainMs = 5000;
    bench.loop.start();
    expect(bench.clock.pending).toEqual([5000]);
    bench.lookAgainMs = null;
    await bench.clock.advance(5000);
    expect(bench.passes).toBe(2);
    expect(bench.clock.pending).toEqual([]);
  });

  it('rests a lane after a fault that nobody foresaw, and goes on then', async () => {
    const bench = new LoopBench();
    bench.loop.start();
    await bench.replan(install('1.0.0'));
    bench.begun[0]?.fail(new Error('a fault of the agent'));
    await bench.settled();
    expect(bench.begun).toHaveLength(1);
    await bench.clock.advance(5000);
    expect(bench.begun).toHaveLength(2);
  });

  it('ends with every step aborted, and begins nothing more', async () => {
    const bench = new LoopBench();
    bench.loop.start();
    await bench.replan(install('1.0.0'), settle('vad'));
    await bench.loop.stop();
    await bench.loop.stop();
    expect(bench.begun.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    bench.loop.wake();
    await bench.settled();
    expect(bench.begun).toHaveLength(2);
    expect(bench.clock.pending).toEqual([]);
  });
});
