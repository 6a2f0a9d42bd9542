import { beforeEach, describe, expect, it } from 'vitest';
import type { Serving } from '@bellwether/agent/inference/serving';
import { ScriptedRunner, scriptedModel } from '../../support/scripted-runner.js';
import { ServingWorld } from '../../support/serving-world.js';

let world: ServingWorld;
let serving: Serving;
let first: ScriptedRunner;
let second: ScriptedRunner;

beforeEach(() => {
  setUp(new ServingWorld());
});

function setUp(made: ServingWorld): void {
  world = made;
  ({ serving, first, second } = made);
}

describe('a swap', () => {
  it('lets the executing call finish on the old runner and gives the queued ones to the new one', async () => {
    serving.swap(first);
    const answers = [world.infer(), world.infer()];
    const executing = await first.arrived(0);
    const { drained } = serving.swap(second);
    (await second.arrived(0)).answer();
    expect(first.isStopped).toBe(false);
    executing.answer();
    expect(await Promise.all(answers)).toEqual(['digits@1.0.0', 'digits@1.1.0']);
    await drained;
    expect(first.isStopped).toBe(true);
    expect(serving.runnerOf('digits')).toBe(second);
    expect(world.deaths).toEqual([]);
  });

  it('stops an idle runner at once', async () => {
    serving.swap(first);
    await serving.swap(second).drained;
    expect(first.isStopped).toBe(true);
  });

  it('turns the executing call away when the drain takes too long', async () => {
    serving.swap(first);
    const answer = world.infer();
    await first.arrived(0);
    const { drained } = serving.swap(second);
    // The call's own deadline comes first unless the drain is shorter.
    await world.clock.advance(10_000);
    expect(await answer).toBe('deadline');
    await world.clock.advance(20_000);
    await drained;
    expect(first.isStopped).toBe(true);
  });

  it('answers `draining` when the drain is shorter than the deadline', async () => {
    setUp(new ServingWorld({ drainMs: 100 }));
    serving.swap(first);
    const answer = world.infer();
    await first.arrived(0);
    const { drained } = serving.swap(second);
    await world.clock.advance(100);
    await drained;
    expect(await answer).toBe('draining');
    expect(world.observer.rejections).toEqual(['digits draining']);
  });
});

describe('a hundred swaps under load', () => {
  it('lose no call, and every call is answered by one runner once', async () => {
    let executed = 0;
    let now = startRunner(0);
    function startRunner(i: number): ScriptedRunner {
      const runner = new ScriptedRunner(scriptedModel(`1.0.${i}`));
      void answerAll(runner);
      return runner;
    }
    async function answerAll(runner: ScriptedRunner): Promise<void> {
      for (let i = 0; ; i++) {
        const { answer } = await runner.arrived(i);
        executed++;
        // Later than everything that is on its way, so that calls are executing while runners change.
        setImmediate(answer);
      }
    }
    setUp(new ServingWorld({ queueLength: 64 }));
    serving.swap(now);
    const answers: Promise<string>[] = [];
    const drains: Promise<void>[] = [];
    for (let i = 1; i <= 100; i++) {
      answers.push(world.infer(), world.infer(), world.infer());
      now = startRunner(i);
      drains.push(serving.swap(now).drained);
      await world.settled();
      await world.settled();
      await world.settled();
    }
    const outcomes = await Promise.all(answers);
    await Promise.all(drains);
    expect(outcomes.filter((each) => !each.startsWith('digits@1.0.'))).toEqual([]);
    expect(executed).toBe(300);
    expect(new Set(outcomes).size).toBeGreaterThan(50);
  });
});

describe('a withdrawal', () => {
  it('answers what was accepted, turns away what comes after, and stops the runner', async () => {
    serving.swap(first);
    const answers = [world.infer(), world.infer()];
    await first.arrived(0);
    const withdrawn = serving.withdraw('digits');
    expect(await world.infer()).toBe('draining');
    first.calls[0]?.answer();
    (await first.arrived(1)).answer();
    await withdrawn;
    expect(await Promise.all(answers)).toEqual(['digits@1.0.0', 'digits@1.0.0']);
    expect(first.isStopped).toBe(true);
    expect(await world.infer()).toBe('unknown-model');
  });

  it('turns the rest away after the drain time', async () => {
    setUp(new ServingWorld({ deadlineMs: 60_000 }));
    serving.swap(first);
    const answers = [world.infer(), world.infer()];
    await first.arrived(0);
    const withdrawn = serving.withdraw('digits');
    await world.clock.advance(30_000);
    await withdrawn;
    expect(await Promise.all(answers)).toEqual(['draining', 'draining']);
  });

  it('does not wait for a runner that is dead already', async () => {
    serving.swap(first);
    first.die();
    await world.settled();
    const waiting = world.infer();
    await serving.withdraw('digits');
    expect(await waiting).toBe('draining');
  });

  it('ends when the runner dies while it drains, and nobody is asked for another one', async () => {
    serving.swap(first);
    const answers = [world.infer(), world.infer()];
    await first.arrived(0);
    const withdrawn = serving.withdraw('digits');
    first.die();
    await withdrawn;
    expect(await Promise.all(answers)).toEqual(['runner-died', 'draining']);
    expect(world.deaths).toEqual([]);
  });

  it('does not hinder the same model from being served again at once', async () => {
    serving.swap(first);
    const before = world.infer();
    await first.arrived(0);
    const withdrawn = serving.withdraw('digits');
    serving.swap(second);
    const after = world.infer();
    (await second.arrived(0)).answer();
    expect(await after).toBe('digits@1.1.0');
    first.calls[0]?.answer();
    await withdrawn;
    expect(await before).toBe('digits@1.0.0');
    expect(serving.runnerOf('digits')).toBe(second);
  });
});

describe('stopping', () => {
  it('drains every model and may be asked twice', async () => {
    serving.swap(first);
    const answer = world.infer();
    await first.arrived(0);
    const stopped = Promise.all([serving.stop(), serving.stop()]);
    expect(await world.infer()).toBe('draining');
    first.calls[0]?.answer();
    await stopped;
    expect(await answer).toBe('digits@1.0.0');
    expect(await world.infer()).toBe('draining');
  });

  it('says `draining` of a model that is drained already, and `unknown-model` only of one that never was', async () => {
    serving.swap(first);
    await serving.stop();
    expect(serving.releaseOf('digits')).toBe(first.model);
    expect(serving.runnerOf('digits')).toBeUndefined();
    expect(await world.infer()).toBe('draining');
  });

  it('waits for the runners that were being replaced', async () => {
    serving.swap(first);
    const answer = world.infer();
    const executing = await first.arrived(0);
    serving.swap(second);
    const stopped = serving.stop();
    await world.settled();
    expect(first.isStopped).toBe(false);
    executing.answer();
    await stopped;
    expect(first.isStopped).toBe(true);
    expect(await answer).toBe('digits@1.0.0');
  });
});
