import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { LookHistoryStoreSql } from '@bellwether/control-plane/rollouts/look-history-store-sql';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { VerdictStoreSql } from '@bellwether/control-plane/rollouts/verdict-store-sql';
import { ConductorWorld } from '../../support/conductor-world.js';

const policy: RolloutPolicy = {
  version: 1,
  steps: [
    { cohort: { percent: 50 }, mode: 'split', share: 50, timeLimitSeconds: 3600 },
    { cohort: { percent: 100 }, mode: 'full', share: 100, holdSeconds: 10 },
  ],
};

let world: ConductorWorld;
const ids: string[] = [];
beforeEach(async () => {
  world = await ConductorWorld.start();
  for (const version of ['1.0.0', '1.1.0']) world.catalog.list('digits', version);
  ids.length = 0;
  for (const name of ['a', 'b', 'c', 'd']) ids.push(await world.join(name));
  await world.create('digits@1.0.0');
  await reportAll();
  await world.create('digits@1.1.0', { policy });
  await reportAll();
});
afterEach(() => world.stop());

async function reportAll(): Promise<void> {
  for (const id of ids) await world.report(id);
}
async function second(errors = 0): Promise<void> {
  for (const id of ids) {
    if (world.ordered(id)?.canary === undefined) continue;
    world.window(id, { stable: 100, canary: 100, errors: { stable: 0, canary: errors } });
  }
  await world.clock.advance(1100);
}
const decide = (action: 'pause' | 'resume' | 'rollback', why: string | null = null) =>
  world.conductor.decide('r2', { action, by: 'operator:a', why, keep: false, all: false });
/** What of a view is of the past, and no device's word of now. */
const past = ({ phase, reason, steps, arms, verdict, history, timeline }: RolloutView) => {
  return { phase, reason, steps, arms, verdict, history, timeline };
};

describe('what there is to tell of a rollout', () => {
  it('that was taken back is the same after a restart, and names what happened when', async () => {
    await second();
    await second();
    await decide('pause', 'lunch');
    await decide('resume');
    await second(30);
    await expect.poll(() => ids.filter((id) => world.ordered(id)?.canary !== undefined)).toEqual([]);
    await reportAll();
    await world.clock.advance(1100);
    const before = past(world.conductor.view('r2'));
    expect(before.phase).toBe('rolled-back');
    expect(before.verdict).toMatchObject({ value: 'fail' });
    expect(before.arms).toMatchObject({ canary: { calls: 600, bad: { error: 60 } } });
    expect(before.history.length).toBeGreaterThanOrEqual(3);
    expect(before.steps[0]).toMatchObject({ state: 'ended', cohortSize: 2, ready: 2 });
    expect(before.steps[0]?.endedAtMs).toBeGreaterThan(before.steps[0]?.startedAtMs ?? 0);
    expect(before.timeline.map(({ code }) => code)).toEqual([
      'created',
      'step',
      'pause',
      'resume',
      'harm',
      'rolled-back',
    ]);
    expect(before.timeline[2]?.text).toBe('operator:a: pause: lunch');
    expect(before.timeline[4]?.text).toContain('60 of 600');
    await world.restart();
    await reportAll();
    await world.clock.advance(2000);
    expect(past(world.conductor.view('r2'))).toEqual(before);
    expect(new VerdictStoreSql(world.database.sqlite).of(2).map(({ value }) => value)).toEqual([
      'inconclusive', // paused
      'inconclusive', // resumed
      'fail',
    ]);
  });

  it('that is done names how many devices each step had, and what each passed by', async () => {
    for (let n = 0; n < 10; n++) await second();
    await expect.poll(() => ids.filter((id) => world.ordered(id)?.canary?.mode === 'full')).toHaveLength(4);
    await reportAll();
    for (const id of ids) world.window(id, { stable: 0, canary: 1000 });
    await world.clock.advance(12_000);
    const before = past(world.conductor.view('r2'));
    expect(before.steps.map(({ state, cohortSize, ready }) => [state, cohortSize, ready])).toEqual([
      ['left', 2, 2],
      ['left', 4, 4],
    ]);
    expect(before.timeline.map(({ code }) => code)).toEqual([
      'created',
      'step',
      'step-passed',
      'step',
      'step-passed',
      'done',
    ]);
    expect(new Set(before.history.map(({ step }) => step))).toEqual(new Set([0, 1]));
    await world.restart();
    expect(past(world.conductor.view('r2'))).toEqual(before);
    // Who takes it back later is in it as well, and what it was done by stands.
    await decide('rollback');
    expect(world.conductor.view('r2')).toMatchObject({ verdict: before.verdict, steps: before.steps });
  });

  it('that is on its way goes on after a kill where its curve was', async () => {
    await second();
    await second();
    const before = world.conductor.view('r2');
    await second();
    await world.restart();
    await reportAll();
    await world.clock.advance(1100);
    const after = world.conductor.view('r2');
    expect(after.history.slice(0, before.history.length)).toEqual(before.history);
    expect(after.history.length).toBeGreaterThan(before.history.length);
    expect(after.steps[0]?.startedAtMs).toBe(before.steps[0]?.startedAtMs);
  });

  it('killed as it was stored as taken back: what it was decided by is kept all the same', async () => {
    await second(30);
    const kept = new VerdictStoreSql(world.database.sqlite);
    await expect.poll(() => kept.of(2)).toHaveLength(1);
    world.database.sqlite.exec('delete from verdicts');
    await world.restart();
    await reportAll();
    await world.clock.advance(1100);
    expect(world.conductor.view('r2').phase).toBe('rolled-back');
    await expect.poll(() => kept.of(2).map(({ value }) => value)).toEqual(['fail']);
  });

  it('costs no transaction of its own: looks are stored with the next window', async () => {
    const store = new LookHistoryStoreSql(world.database.sqlite);
    await second();
    const before = store.of(2).length;
    await second();
    expect(store.of(2).length).toBe(before + 1);
    expect(world.conductor.view('r2').history.length).toBe(before + 2);
  });
});
