import { beforeEach, describe, expect, it } from 'vitest';
import type { Tensor } from '@bellwether/agent/inference/engine';
import type { Serving } from '@bellwether/agent/inference/serving';
import { ScriptedRunner, scriptedModel } from '../../support/scripted-runner.js';
import { outcomeOf, ServingWorld } from '../../support/serving-world.js';

let world: ServingWorld;
let serving: Serving;
let first: ScriptedRunner;
let second: ScriptedRunner;

beforeEach(() => {
  world = new ServingWorld();
  ({ serving, first, second } = world);
});

const probabilities: Tensor = {
  name: 'y',
  dtype: 'FP32',
  shape: [1, 2],
  data: new Uint8Array(Float32Array.of(0.25, 0.75).buffer),
};

describe('serving', () => {
  it('says which release answered, and tells the observer what the answer says', async () => {
    serving.swap(first);
    const answer = serving.infer('digits', { inputs: [] });
    const executing = await first.arrived(0);
    await world.clock.advance(3);
    executing.answer({ outputs: [probabilities], computeMicros: 1234 });
    const digest = first.model.manifestSha256;
    await expect(answer).resolves.toMatchObject({
      arm: 'stable',
      release: 'digits@1.0.0',
      version: '1.0.0',
      manifest: digest,
      lineageId: digest.slice(0, 16),
      computeMicros: 1234,
    });
    expect(world.observer.answers).toEqual([
      {
        model: 'digits',
        version: '1.0.0',
        manifest: digest,
        arm: 'stable',
        segment: 0,
        computeMicros: 1234,
        totalMicros: 3000,
        reading: [{ classIndex: 1, confidence: 0.75 }],
        invalid: false,
        classes: 2,
        inputs: [],
      },
    ]);
  });

  it('gives a runner one call at a time, in the order they came', async () => {
    serving.swap(first);
    const answers = [world.infer(), world.infer()];
    await first.arrived(0);
    await world.settled();
    expect(first.calls).toHaveLength(1);
    first.calls[0]?.answer();
    (await first.arrived(1)).answer();
    expect(await Promise.all(answers)).toEqual(['digits@1.0.0', 'digits@1.0.0']);
  });

  it('turns a call away when the queue is full, and takes the next one when there is room', async () => {
    serving.swap(first);
    const accepted = [world.infer(), world.infer(), world.infer()];
    expect(await world.infer()).toBe('queue-full');
    expect(world.observer.rejections).toEqual(['digits queue-full']);
    for (const i of [0, 1, 2]) (await first.arrived(i)).answer();
    expect(await Promise.all(accepted)).toEqual(['digits@1.0.0', 'digits@1.0.0', 'digits@1.0.0']);
    const next = world.infer();
    (await first.arrived(3)).answer();
    expect(await next).toBe('digits@1.0.0');
  });

  it('knows no model that does not serve', async () => {
    expect(await world.infer()).toBe('unknown-model');
    expect(world.observer.rejections).toEqual(['digits unknown-model']);
  });

  it('keeps models apart, each with its queue', async () => {
    const other = new ScriptedRunner(scriptedModel('1.0.0', { model: 'other' }));
    serving.swap(first);
    serving.swap(other);
    const waiting = [world.infer(), world.infer(), world.infer()];
    expect(await world.infer()).toBe('queue-full');
    const answer = outcomeOf(serving.infer('other', { inputs: [] }));
    (await other.arrived(0)).answer();
    expect(await answer).toBe('other@1.0.0');
    for (const i of [0, 1, 2]) (await first.arrived(i)).answer();
    await Promise.all(waiting);
  });

  it('answers an explicit version, which is no evidence', async () => {
    serving.swap(first);
    const answer = world.infer('1.0.0');
    (await first.arrived(0)).answer();
    expect(await answer).toBe('digits@1.0.0');
    expect(await world.infer('9.0.0')).toBe('unknown-version');
    expect(world.observer.answers).toEqual([]);
    expect(world.observer.rejections).toEqual(['digits explicit-version', 'digits unknown-version']);
  });

  it('does not let an explicit version be answered by what was swapped in while it waited', async () => {
    serving.swap(first);
    const before = world.infer();
    const waiting = world.infer('1.0.0');
    serving.swap(second);
    expect(await waiting).toBe('unknown-version');
    first.calls[0]?.answer();
    expect(await before).toBe('digits@1.0.0');
    expect(second.calls).toEqual([]);
  });
});

describe('a runner that dies', () => {
  it('fails the call that it was executing, which is never tried again, and the queue waits for the next runner', async () => {
    serving.swap(first);
    const answers = [world.infer(), world.infer()];
    await first.arrived(0);
    first.die();
    expect(await answers[0]).toBe('runner-died');
    await world.settled();
    expect(world.deaths).toMatchObject([{ model: { manifest: { version: '1.0.0' } }, exit: { signal: 'SIGKILL' } }]);
    expect(serving.runnerOf('digits')).toBeUndefined();
    expect(serving.releaseOf('digits')).toBe(first.model);
    const replacement = new ScriptedRunner(first.model);
    serving.swap(replacement);
    (await replacement.arrived(0)).answer();
    expect(await answers[1]).toBe('digits@1.0.0');
    expect(replacement.calls).toHaveLength(1);
    expect(world.observer.failures).toMatchObject([{ version: '1.0.0', code: 'runner-died' }]);
    expect(world.observer.deaths).toMatchObject([{ version: '1.0.0', arm: 'stable' }]);
  });

  it('gets no other call after a cut off one, although its end is not yet known', async () => {
    serving.swap(first);
    const answers = [world.infer(), world.infer()];
    (await first.arrived(0)).fail('deadline');
    expect(await answers[0]).toBe('deadline');
    await world.settled();
    expect(first.calls).toHaveLength(1);
    serving.swap(second);
    (await second.arrived(0)).answer();
    expect(await answers[1]).toBe('digits@1.1.0');
  });

  it('is no loss when another one has taken its place', async () => {
    serving.swap(first);
    const answer = world.infer();
    await first.arrived(0);
    serving.swap(second);
    first.die();
    expect(await answer).toBe('runner-died');
    await world.settled();
    expect(world.deaths).toEqual([]);
    expect(world.observer.deaths).toHaveLength(1);
    expect(serving.runnerOf('digits')).toBe(second);
  });

  it('costs waiting calls their deadline when no other comes', async () => {
    serving.swap(first);
    first.die();
    await world.settled();
    const answer = world.infer();
    await world.clock.advance(10_000);
    expect(await answer).toBe('deadline');
    expect(world.observer.failures).toMatchObject([{ version: '1.0.0', code: 'deadline' }]);
  });

  it('stays in service when only onnxruntime threw', async () => {
    serving.swap(first);
    const answer = world.infer();
    (await first.arrived(0)).fail('engine');
    expect(await answer).toBe('engine');
    const next = world.infer();
    (await first.arrived(1)).answer();
    expect(await next).toBe('digits@1.0.0');
  });
});

describe('a long queue', () => {
  it('never shortens the time that a call may execute: a runner that is well is not killed for it', async () => {
    serving.swap(first);
    const answers = [world.infer(), world.infer()];
    await first.arrived(0);
    await world.clock.advance(9_000);
    first.calls[0]?.answer();
    expect((await first.arrived(1)).deadlineMs).toBe(10_000);
    await world.clock.advance(1_000);
    expect(await Promise.all(answers)).toEqual(['digits@1.0.0', 'deadline']);
    // Its answer comes too late for the app, and the runner goes on.
    first.calls[1]?.answer();
    const next = world.infer();
    (await first.arrived(2)).answer();
    expect(await next).toBe('digits@1.0.0');
  });
});
