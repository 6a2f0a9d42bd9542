import { describe, expect, it } from 'vitest';
import type { Served } from '@bellwether/agent/inference/served';
import { answerAll, CanaryWorld, canarySettings, probabilities } from '../../support/canary-world.js';
import { ScriptedRunner, scriptedModel } from '../../support/scripted-runner.js';
import { outcomeOf } from '../../support/serving-world.js';

type Outcome = Served | { readonly code: string };
const arms = (outcomes: readonly Outcome[]) => outcomes.map((each) => ('arm' in each ? each.arm : each.code));
const answer = answerAll(100);

async function calls(world: CanaryWorld, count: number, how = answer): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let i = 0; i < count; i++) outcomes.push(await world.call(how));
  return outcomes;
}

/** The canary does something bad, stable answers. */
function canaryDoes(bad: (runner: ScriptedRunner, index: number) => void) {
  return (world: CanaryWorld) => (runner: ScriptedRunner, index: number) =>
    runner === world.canary ? bad(runner, index) : answer(runner, index);
}
const engineError = canaryDoes((runner, i) => runner.calls[i]?.fail('engine'));
const notFinite = canaryDoes((runner, i) => runner.calls[i]?.answer({ outputs: probabilities(Number.NaN) }));

describe('a canary', () => {
  it('gets the calls that are drawn for it, and both arms’ counters add up to the requests', async () => {
    const world = new CanaryWorld();
    world.begin({ share: 2500 });
    const outcomes = arms(await calls(world, 400));
    const share = outcomes.filter((arm) => arm === 'canary').length;
    expect(share).toBeGreaterThan(60);
    expect(share).toBeLessThan(140);
    expect(world.evidence()).toMatchObject([
      {
        rollout: 'r7',
        segment: 1,
        mode: 'split',
        share: 2500,
        calls: { stable: 400 - share, canary: share },
        cells: { error: { stable: 0, canary: 0 }, invalid: { stable: 0, canary: 0 }, death: { stable: 0, canary: 0 } },
      },
    ]);
  });

  it('is told of in the answer: arm, release and lineage', async () => {
    const world = new CanaryWorld();
    world.begin({ mode: 'full', share: 10_000 });
    expect(await world.call()).toMatchObject({
      arm: 'canary',
      release: 'digits@1.1.0',
      lineageId: world.canary.model.manifestSha256.slice(0, 16),
    });
  });

  it('gets nothing at a share of 0, and everything in a full step', async () => {
    const world = new CanaryWorld();
    world.begin({ share: 0 });
    expect(new Set(arms(await calls(world, 50)))).toEqual(new Set(['stable']));
    world.begin({ mode: 'full', share: 10_000 });
    expect(new Set(arms(await calls(world, 50)))).toEqual(new Set(['canary']));
    expect(world.evidence()).toMatchObject([
      { mode: 'split', calls: { stable: 50, canary: 0 } },
      { mode: 'full', calls: { stable: 0, canary: 50 }, runnerMs: { stable: 0 } },
    ]);
  });

  it.each([
    ['engine', engineError, 'error'],
    ['invalid', notFinite, 'invalid'],
  ] as const)('has its answer replaced by stable’s: %s, and it is counted against it', async (fallback, does, cell) => {
    const world = new CanaryWorld();
    world.begin({ mode: 'full', share: 10_000 });
    expect(await world.call(does(world))).toMatchObject({ arm: 'stable', release: 'digits@1.0.0', fallback });
    expect(world.evidence()).toMatchObject([
      { calls: { stable: 0, canary: 1 }, cells: { [cell]: { stable: 0, canary: 1 } } },
    ]);
  });

  it('that is late is replaced at half of the call’s time, and counted as an error', async () => {
    const world = new CanaryWorld();
    world.begin({ mode: 'full', share: 10_000 });
    const served = world.serving.infer('digits', { inputs: [] });
    await world.canary.arrived(0);
    await world.clock.advance(5_000);
    (await world.stable.arrived(0)).answer({ outputs: probabilities(0.5) });
    expect(await served).toMatchObject({ arm: 'stable', fallback: 'late' });
    expect(world.evidence()).toMatchObject([{ cells: { error: { stable: 0, canary: 1 } } }]);
  });

  it('is late by the same rule as stable, and its runner has the whole deadline: a stall is nobody’s harm', async () => {
    const world = new CanaryWorld();
    world.begin({ share: 5000 });
    const canary: boolean[] = [];
    for (let i = 0; i < 12; i++) {
      const before = world.canary.calls.length;
      const served = world.serving.infer('digits', { inputs: [] });
      await world.clock.advance(0);
      canary.push(world.canary.calls.length > before);
      await world.clock.advance(6_000);
      for (const { calls } of [world.stable, world.canary]) calls.at(-1)?.answer({ outputs: probabilities(0.75) });
      await served;
    }
    const late = { stable: canary.filter((is) => !is).length, canary: canary.filter((is) => is).length };
    expect(Math.min(late.stable, late.canary)).toBeGreaterThan(0);
    expect(world.evidence()).toMatchObject([{ calls: late, cells: { error: late } }]);
    expect(world.canary.calls.map(({ deadlineMs }) => deadlineMs)).toEqual(Array(late.canary).fill(10_000));
  });

  it('that dies fails the call that it executed; those that waited for it are stable’s, and no evidence', async () => {
    const world = new CanaryWorld();
    world.begin({ mode: 'full', share: 10_000 });
    const executing = outcomeOf(world.serving.infer('digits', { inputs: [] }));
    const waiting = world.serving.infer('digits', { inputs: [] });
    await world.canary.arrived(0);
    world.canary.die();
    (await world.stable.arrived(0)).answer({ outputs: probabilities(0.5) });
    expect(await executing).toBe('runner-died');
    expect(await waiting).toMatchObject({ arm: 'stable', release: 'digits@1.0.0' });
    expect(world.deaths).toEqual(['canary']);
    expect(world.stable.calls).toHaveLength(1);
    expect(world.evidence()).toMatchObject([
      { calls: { stable: 0, canary: 1 }, cells: { death: { stable: 0, canary: 1 }, error: { canary: 1 } } },
    ]);
  });

  it('is taken back by a reference: stable is warm and answers the next call, those that wait included', async () => {
    const world = new CanaryWorld();
    world.begin({ mode: 'full', share: 10_000 });
    const executing = world.serving.infer('digits', { inputs: [] });
    const waiting = world.serving.infer('digits', { inputs: [] });
    const first = await world.canary.arrived(0);
    const dropped = world.serving.dropCanary('digits');
    (await world.stable.arrived(0)).answer({ outputs: probabilities(0.5) });
    expect(await waiting).toMatchObject({ arm: 'stable' });
    first.answer({ outputs: probabilities(0.5) });
    expect(await executing).toMatchObject({ arm: 'canary' });
    await dropped;
    expect([world.canary.isStopped, world.stable.isStopped]).toEqual([true, false]);
    expect(arms([await world.call()])).toEqual(['stable']);
  });

  it('becomes stable without another load: its runner is handed over alive, after its call', async () => {
    const world = new CanaryWorld();
    world.begin({ mode: 'full', share: 10_000 });
    const executing = world.serving.infer('digits', { inputs: [] });
    const first = await world.canary.arrived(0);
    const released = world.serving.releaseCanary('digits');
    first.answer({ outputs: probabilities(0.5) });
    expect(await executing).toMatchObject({ arm: 'canary' });
    const runner = await released;
    expect(runner).toBe(world.canary);
    if (runner === undefined) return;
    await world.serving.swap(runner).drained;
    expect([world.canary.isStopped, world.stable.isStopped]).toEqual([false, true]);
    expect(await world.call()).toMatchObject({ arm: 'stable', release: 'digits@1.1.0' });
  });

  it('shares one queue limit with stable', async () => {
    const world = new CanaryWorld({}, { queueLength: 2 });
    world.begin();
    const codes: string[] = [];
    const one = () => outcomeOf(world.serving.infer('digits', { inputs: [] })).then((code) => codes.push(code));
    for (let i = 0; i < 40; i++) void one();
    await world.clock.advance(0);
    // Each arm executes one, and two wait in whichever arm.
    expect(world.stable.calls.length + world.canary.calls.length).toBe(2);
    expect(codes).toEqual(Array.from({ length: 36 }, () => 'queue-full'));
    const { arms: counted, rejected } = world.window();
    // Turned away before anything was drawn: no evidence.
    expect([counted, rejected]).toEqual([[], { digits: { 'queue-full': 36 } }]);
  });

  it('has a call that was accepted answered by stable though stable’s queue is full by then', async () => {
    const world = new CanaryWorld({}, { queueLength: 2 });
    world.begin({ mode: 'full', share: 10_000 });
    const accepted = world.serving.infer('digits', { inputs: [] });
    const call = await world.canary.arrived(0);
    const asked = [0, 1, 2].map(() => outcomeOf(world.serving.infer('digits', { inputs: [], version: '1.0.0' })));
    call.fail('engine');
    await world.clock.advance(0);
    for (let i = 0; i < 4; i++) (await world.stable.arrived(i)).answer({ outputs: probabilities(0.5) });
    expect(await accepted).toMatchObject({ arm: 'stable', fallback: 'engine' });
    expect(await Promise.all(asked)).toEqual(['digits@1.0.0', 'digits@1.0.0', 'digits@1.0.0']);
  });

  it('answers when its version is asked for, which is no evidence', async () => {
    const world = new CanaryWorld();
    world.begin({ share: 0 });
    const asked = world.serving.infer('digits', { inputs: [], version: '1.1.0' });
    (await world.canary.arrived(0)).answer({ outputs: probabilities(0.5) });
    expect(await asked).toMatchObject({ arm: 'canary', release: 'digits@1.1.0', evidence: undefined });
    const { evidence, rejected } = world.window();
    expect([evidence, rejected]).toEqual([undefined, { digits: { 'explicit-version': 1 } }]);
  });

  it('that dies of a call that asked for its version has no death in the evidence: nobody drew that call', async () => {
    const world = new CanaryWorld();
    world.begin();
    await world.call();
    const asked = outcomeOf(world.serving.infer('digits', { inputs: [], version: '1.1.0' }));
    await world.clock.advance(0);
    world.canary.die();
    expect(await asked).toBe('runner-died');
    await world.clock.advance(0);
    expect(world.deaths).toEqual(['canary']);
    expect(world.evidence()).toMatchObject([{ cells: { death: { stable: 0, canary: 0 } } }]);
  });

  it('begins another segment when its share changes, and when five minutes of the wall are over', async () => {
    const world = new CanaryWorld();
    world.begin({ share: 500 });
    await world.call();
    world.begin({ share: 5000 });
    await world.call();
    await world.clock.advance(300_000);
    await world.call();
    expect(world.evidence().map(({ segment, share }) => [segment, share])).toEqual([
      [1, 500],
      [2, 5000],
      [3, 5000],
    ]);
  });

  it('begins another segment when a runner was replaced, and counts nothing while stable’s is missing', async () => {
    const world = new CanaryWorld();
    world.begin();
    await world.call();
    world.stable.die();
    await world.clock.advance(0);
    expect(world.evidence()).toMatchObject([{ segment: 1, cells: { death: { stable: 1, canary: 0 } } }]);
    const waiting = world.serving.infer('digits', { inputs: [] });
    await world.clock.advance(1_000);
    expect(world.canary.calls.length + world.stable.calls.length).toBe(1);
    expect(world.evidence()).toEqual([]);
    waiting.catch(() => {});
    await world.serving.stop();
  });
});

describe('a shadow', () => {
  it('answers with stable, runs the same call afterwards, and counts what only one of the two did', async () => {
    const world = new CanaryWorld();
    world.begin({ mode: 'shadow', share: 10_000 });
    const stableOnly = (runner: ScriptedRunner, i: number) => (runner === world.stable ? answer(runner, i) : undefined);
    expect(await world.call(stableOnly)).toMatchObject({ arm: 'stable', release: 'digits@1.0.0' });
    (await world.canary.arrived(0)).answer({ outputs: probabilities(Number.NaN) });
    await world.clock.advance(0);
    expect(world.evidence()).toMatchObject([
      { mode: 'shadow', calls: { stable: 1, canary: 1 }, cells: { invalid: { stable: 0, canary: 1 } }, both: {} },
    ]);
  });

  it('never holds up stable: beyond sixteen that wait, shadow calls are dropped and are no evidence', async () => {
    const world = new CanaryWorld();
    world.begin({ mode: 'shadow', share: 10_000 });
    const stableOnly = (runner: ScriptedRunner, i: number) => (runner === world.stable ? answer(runner, i) : undefined);
    const outcomes = await calls(world, 40, stableOnly);
    expect(new Set(arms(outcomes))).toEqual(new Set(['stable']));
    for (let i = 0; i < 16; i++) {
      const shadow = await world.canary.arrived(i);
      shadow.answer({ outputs: probabilities(0.5) });
    }
    await world.clock.advance(0);
    expect(world.canary.calls).toHaveLength(16);
    expect(world.evidence()).toMatchObject([{ calls: { stable: 16, canary: 16 } }]);
  });

  it('is left out while the governor says so, and is no evidence then', async () => {
    const world = new CanaryWorld();
    world.begin({ mode: 'shadow', share: 10_000 });
    const stableOnly = (runner: ScriptedRunner, i: number) => (runner === world.stable ? answer(runner, i) : undefined);
    world.serving.shedShadows(true);
    await calls(world, 5, stableOnly);
    expect(world.canary.calls).toEqual([]);
    expect(world.evidence().map(({ calls: { stable, canary } }) => stable + canary)).toEqual([]);
    world.serving.shedShadows(false);
    await calls(world, 2, stableOnly);
    expect(world.canary.calls).toHaveLength(1); // the other waits for it
  });

  it('is left out of a model that serves later, too', async () => {
    const world = new CanaryWorld();
    world.serving.shedShadows(true);
    const gone = world.serving.withdraw('digits');
    world.stable.die();
    await gone;
    const [stable, canary] = ['1.0.0', '1.1.0'].map((version) => new ScriptedRunner(scriptedModel(version)));
    if (stable === undefined || canary === undefined) throw new Error('two versions make two runners');
    world.serving.swap(stable);
    world.serving.setCanary(canary, { ...canarySettings, mode: 'shadow', share: 10_000 });
    const asked = world.serving.infer('digits', { inputs: [] });
    (await stable.arrived(0)).answer({ outputs: probabilities(0.5) });
    expect(await asked).toMatchObject({ arm: 'stable' });
    await world.clock.advance(1);
    expect(canary.calls).toEqual([]);
  });

  it('is no evidence when stable’s runner died of the call: nobody tries that again', async () => {
    const world = new CanaryWorld();
    world.begin({ mode: 'shadow', share: 10_000 });
    const executing = outcomeOf(world.serving.infer('digits', { inputs: [] }));
    await world.stable.arrived(0);
    world.stable.die();
    expect(await executing).toBe('runner-died');
    await world.clock.advance(1);
    expect(world.canary.calls).toEqual([]);
  });
});

describe('assignment keys', () => {
  it('keep their arm, and one key counts once in a segment however often it fails', async () => {
    const world = new CanaryWorld();
    world.begin();
    const seen = new Set<string>();
    for (let i = 0; i < 30; i++) seen.add(arms([await world.call(answer, { stateKey: 'camera 4' })])[0] ?? '');
    expect(seen.size).toBe(1);
    const counted = world.evidence().map(({ calls: { stable, canary } }) => stable + canary);
    expect(counted).toEqual([1]);
  });

  const stateful = {
    inputs: [
      { name: 'x', dtype: 'FP32', shape: [-1, 4], role: 'app' },
      { name: 's', dtype: 'FP32', shape: [1, 2], role: 'state', from: 't' },
    ],
  } as const;

  it('of a stateful model stay with stable until they begin anew, and only then are drawn', async () => {
    const world = new CanaryWorld(stateful as never);
    await world.call(answer, { stateKey: 'a' });
    world.begin({ mode: 'full', share: 10_000 });
    expect(arms([await world.call(answer, { stateKey: 'a' })])).toEqual(['stable']);
    expect(arms([await world.call(answer, { stateKey: 'a', reset: true })])).toEqual(['canary']);
    expect(arms([await world.call(answer, { stateKey: 'a' })])).toEqual(['canary']);
    expect(world.evidence()).toMatchObject([{ calls: { stable: 0, canary: 1 } }]);
  });

  it('are what a stateful model is split by: without one stable answers, and a shadow gets nothing', async () => {
    const world = new CanaryWorld(stateful as never);
    world.begin({ share: 9500 });
    expect(new Set(arms(await calls(world, 30)))).toEqual(new Set(['stable']));
    world.begin({ mode: 'shadow', share: 10_000 });
    await world.call(answer, { stateKey: 'a' });
    expect(world.canary.calls).toEqual([]);
    expect(world.evidence()).toEqual([]);
  });
});

describe('the device’s own breaker', () => {
  it('switches off a canary that fails where stable does not, and tells of its suspicion before', async () => {
    const world = new CanaryWorld();
    world.begin({ share: 5000 });
    const outcomes = await calls(world, 60, engineError(world));
    expect(world.trips).toHaveLength(1);
    expect(world.trips[0]).toContain('E = ');
    expect(world.suspicions).toBeGreaterThan(1);
    expect(new Set(arms(outcomes))).toEqual(new Set(['stable']));
    const tried = world.canary.calls.length;
    expect(tried).toBeLessThan(30);
    await calls(world, 20, engineError(world));
    expect(world.canary.calls).toHaveLength(tried);
  });

  it('lets an outage of both arms be', async () => {
    const world = new CanaryWorld();
    world.begin({ share: 5000 });
    const outcomes = await calls(world, 100, (runner, i) => runner.calls[i]?.fail('engine'));
    expect(new Set(arms(outcomes))).toEqual(new Set(['engine']));
    expect(world.trips).toEqual([]);
  });

  it('in a full step compares the canary’s last 50 calls with stable’s before', async () => {
    const world = new CanaryWorld();
    await calls(world, 120);
    world.begin({ mode: 'full', share: 10_000 });
    await calls(world, 40);
    await calls(world, 24, engineError(world));
    expect(world.trips).toEqual([]);
    await calls(world, 2, engineError(world));
    expect(world.trips).toEqual([expect.stringContaining('25 of the canary’s last 50 calls failed')]);
  });
});
