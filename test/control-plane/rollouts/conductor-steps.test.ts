import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { ConductorWorld } from '../../support/conductor-world.js';

const policy: RolloutPolicy = {
  version: 1,
  steps: [
    { cohort: { percent: 50 }, mode: 'split', share: 50, timeLimitSeconds: 3600 },
    { cohort: { percent: 100 }, mode: 'full', share: 100, holdSeconds: 10 },
  ],
  maxInFlight: 10,
  failureBudget: { percentOfCompleted: 20 },
};

let world: ConductorWorld;
let ids: string[];
beforeEach(async () => {
  world = await ConductorWorld.start();
  world.catalog.list('digits', '1.0.0');
  world.catalog.list('digits', '1.1.0');
  ids = [];
  for (const name of ['a', 'b', 'c', 'd']) ids.push(await world.join(name));
  await world.create('digits@1.0.0');
  await reportAll();
});
afterEach(() => world.stop());

async function reportAll(): Promise<void> {
  for (const id of ids) await world.report(id);
}
const withCanary = () => ids.filter((id) => world.ordered(id)?.canary !== undefined);
const stableOf = () => ids.map((id) => world.ordered(id)?.stable.version);
/** Every canary answers this in a second. */
async function second(calls: Parameters<ConductorWorld['window']>[1]): Promise<void> {
  for (const id of withCanary()) world.window(id, calls);
  await world.clock.advance(1100);
}
const good = { stable: 1000, canary: 1000 };
const bad = { stable: 1000, canary: 1000, errors: { stable: 0, canary: 40 } };

describe('a rollout in steps', () => {
  it('reaches the fleet on evidence', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    expect(withCanary()).toHaveLength(2);
    expect(stableOf()).toEqual(Array(4).fill('1.0.0'));
    await reportAll();
    await second(good);
    const measured = world.conductor.view(id);
    expect(measured.arms).toMatchObject({
      stable: { release: 'digits@1.0.0', calls: 2000, bad: { error: 0 } },
      canary: { release: 'digits@1.1.0', calls: 2000 },
    });
    expect(measured.step).toBe(1);
    await expect.poll(withCanary).toHaveLength(4);
    await reportAll();
    await world.clock.advance(12_000);
    expect(world.conductor.view(id).phase).toBe('done');
    await expect.poll(stableOf).toEqual(Array(4).fill('1.1.0'));
    expect(withCanary()).toEqual([]);
    // It took the place of the one before.
    expect(world.conductor.view('r1').phase).toBe('superseded');
  });

  it('is taken back by harm within a look, and what was before stands', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    await reportAll();
    await second(bad);
    const back = world.conductor.view(id);
    expect([back.phase, back.reason?.code]).toEqual(['rolling-back', 'harm']);
    await expect.poll(withCanary).toEqual([]);
    expect(back.reason?.text).toContain('80 of 2000');
    expect(stableOf()).toEqual(Array(4).fill('1.0.0'));
    await reportAll();
    await world.clock.advance(1100);
    expect(world.conductor.view(id).phase).toBe('rolled-back');
    const phases = world.audit.entries
      .filter(({ action }) => action === 'rollout.phase')
      .map(({ details }) => details?.['to']);
    expect(phases).toContain('rolling-back');
  });

  it('counts a window once, and none of other releases, steps, shares or devices', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    await reportAll();
    const [first = ''] = withCanary();
    const outsider = ids.find((each) => !withCanary().includes(each)) ?? '';
    const entry = world.ordered(first);
    world.window(first, { stable: 10, canary: 10 });
    const evidence = {
      rollout: id,
      step: 0,
      mode: 'split' as const,
      share: 5000,
      model: 'digits',
      segment: 1,
      startedAtMs: world.clock.now().wallMs,
      stable: entry?.stable.manifest ?? '',
      canary: entry?.canary?.manifest ?? '',
      calls: { stable: 5, canary: 5 },
      runnerMs: { stable: 1, canary: 1 },
      labelled: { stable: 0, canary: 0 },
      cells: {},
      both: {},
      slowMicros: {},
    };
    world.store(first, evidence, 3);
    world.store(first, { ...evidence, canary: '0'.repeat(64) });
    world.store(first, { ...evidence, stable: '0'.repeat(64) });
    world.store(first, { ...evidence, share: 1 });
    world.store(first, { ...evidence, step: 1 });
    world.store(first, { ...evidence, rollout: 'r999' });
    world.store(outsider, evidence);
    await world.clock.advance(1100);
    expect(world.conductor.view(id).arms).toMatchObject({ stable: { calls: 15 }, canary: { calls: 15 } });
  });

  it('a device that joined after the rollout began takes no part in its evidence', async () => {
    const joiners = { ...policy, joiners: 'cohort' as const };
    await world.create('digits@1.1.0', { policy: joiners });
    ids.push(await world.join('late'));
    await reportAll();
    await second(good);
    await reportAll();
    expect(world.ordered(ids[4] ?? '')?.canary?.mode).toBe('full');
    expect(world.conductor.view('r2').arms?.canary.calls).toBe(2000);
  });

  it('goes on from where it was after every step when the server is killed', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    await world.restart();
    expect(withCanary()).toHaveLength(2);
    await reportAll();
    await second({ stable: 300, canary: 300 });
    await world.restart();
    await reportAll();
    await world.clock.advance(1100);
    // What was counted before is still counted.
    expect(world.conductor.view(id).arms).toMatchObject({ canary: { calls: 600 } });
    await second(good);
    expect(world.conductor.view(id).step).toBe(1);
    await expect.poll(withCanary).toHaveLength(4);
    await world.restart();
    await reportAll();
    await world.clock.advance(12_000);
    expect(world.conductor.view(id).phase).toBe('done');
    await world.restart();
    expect(stableOf()).toEqual(Array(4).fill('1.1.0'));
  });

  it('stored as taken back, and killed before an order went out: the orders go out at the next start', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    await reportAll();
    world.database.sqlite.exec(`update rollouts set phase = 'rolling-back' where number = 2`);
    await world.restart();
    expect(withCanary()).toEqual([]);
    await reportAll();
    await world.clock.advance(1100);
    expect(world.conductor.view(id).phase).toBe('rolled-back');
  });

  it('can be taken back when it is done: the release before serves again', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    await world.conductor.decide(id, { action: 'promote', by: 'operator:a', why: 'x', keep: false, all: true });
    expect([world.conductor.view(id).phase, stableOf()]).toEqual(['done', Array(4).fill('1.1.0')]);
    await world.conductor.decide(id, { action: 'rollback', by: 'operator:a', why: null, keep: false, all: false });
    expect(stableOf()).toEqual(Array(4).fill('1.0.0'));
    expect(world.conductor.view('r1').phase).not.toBe('superseded');
  });

  it('refuses a decision that its phase does not allow, by name', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    const decide = (action: 'approve' | 'resume') =>
      world.conductor.decide(id, { action, by: 'operator:a', why: null, keep: false, all: false });
    await expect(decide('approve')).rejects.toMatchObject({ code: 'action-conflict' });
    await expect(decide('resume')).rejects.toMatchObject({ code: 'action-conflict' });
  });
});

describe('a rollout in steps cannot be', () => {
  const from = (changes: Partial<RolloutPolicy['steps'][number]>): RolloutPolicy => {
    const [first, ...rest] = policy.steps;
    if (first === undefined) throw new Error('the policy has steps');
    return { ...policy, steps: [{ ...first, ...changes }, ...rest] };
  };

  it.each([
    ['policy-unknown', 'brave'],
    ['policy-newer', { version: 2 }],
    ['policy-impossible', from({ share: 0 })],
    ['policy-impossible', from({ filter: { site: 'nowhere' } })],
    ['policy-impossible', { ...policy, maintenanceWindow: { cron: '0 0 30 2 *', timeZone: 'UTC', minutes: 60 } }],
  ] as const)('%s: %j', async (code, asked) => {
    await expect(world.create('digits@1.1.0', { policy: asked })).rejects.toMatchObject({ code });
    expect(world.conductor.views()).toHaveLength(1);
  });

  it('a second one of its model on the same devices, unless it takes its place', async () => {
    world.catalog.list('digits', '1.2.0');
    await world.create('digits@1.1.0', { policy });
    await expect(world.create('digits@1.2.0', { policy })).rejects.toMatchObject({ code: 'rollout-overlaps' });
    await expect(world.create('digits@1.2.0')).rejects.toMatchObject({ code: 'rollout-overlaps' });
    await world.create('digits@1.2.0', { policy, supersede: true });
    expect(world.conductor.view('r2').phase).toBe('superseded');
    expect(withCanary().map((id) => world.ordered(id)?.canary?.version)).toEqual(['1.2.0', '1.2.0']);
  });

  it('one of a release that every device has, or of a model that none has', async () => {
    world.catalog.list('vad', '1.0.0');
    await expect(world.create('digits@1.0.0', { policy })).rejects.toMatchObject({ code: 'no-stable' });
    await expect(world.create('vad@1.0.0', { policy })).rejects.toMatchObject({ code: 'no-stable' });
  });
});
