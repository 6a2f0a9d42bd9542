import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { openBundle, replay } from '@bellwether/control-plane/rollouts/verdict/bundle-file';
import { VerdictStoreSql } from '@bellwether/control-plane/rollouts/verdict-store-sql';
import { codeOf, messageOf } from '@bellwether/shared/errors';
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
const alone = { stable: 0, canary: 1000 };
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
    // Without two arms there are limits for what the canary does alone, and the hold.
    await second(alone);
    await world.clock.advance(12_000);
    expect(world.conductor.view(id).phase).toBe('done');
    await expect.poll(stableOf).toEqual(Array(4).fill('1.1.0'));
    expect(withCanary()).toEqual([]);
    // It took the place of the one before.
    expect(world.conductor.view('r1').phase).toBe('superseded');
    // What was decided is kept, and comes out the same again from what it was decided by.
    const kept = new VerdictStoreSql(world.database.sqlite);
    expect(kept.of(2).map(({ step, value }) => [step, value])).toEqual([
      [0, 'pass'],
      [1, 'pass'],
    ]);
    for (const { number } of kept.of(2)) {
      expect(replay(openBundle(Buffer.from(kept.file(2, number) ?? ''))).value).toBe('pass');
    }
  });

  it('is taken back by harm within a look, and what was before stands', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    await reportAll();
    await second(bad);
    const back = world.conductor.view(id);
    expect([back.phase, back.reason?.code]).toEqual(['rolling-back', 'harm']);
    await expect.poll(withCanary).toEqual([]);
    expect(back.reason?.text).toContain('80 of 2000');
    // The next try need not wait until every device has said that it is back.
    expect(world.conductor.preview({ release: 'digits@1.1.0', to: { all: true }, policy }).devices).toBe(4);
    expect(stableOf()).toEqual(Array(4).fill('1.0.0'));
    await reportAll();
    await world.clock.advance(1100);
    expect(world.conductor.view(id).phase).toBe('rolled-back');
    expect(new VerdictStoreSql(world.database.sqlite).of(2)[0]?.value).toBe('fail');
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
    await world.restart();
    await reportAll();
    expect(world.conductor.view(id).arms).toMatchObject({ stable: { calls: 15 }, canary: { calls: 15 } });
  });

  it('a device that joined after the rollout began takes no part in its evidence', async () => {
    const [first, last] = policy.steps;
    if (first === undefined || last === undefined) throw new Error('the policy has steps');
    const all = { ...first, cohort: { percent: 100 } };
    await world.create('digits@1.1.0', { policy: { ...policy, steps: [first, all, last], joiners: 'cohort' } });
    await world.clock.advance(1000);
    const late = await world.join('late');
    ids.push(late);
    await reportAll();
    await second(good);
    await expect.poll(withCanary).toHaveLength(5);
    await reportAll();
    expect(world.ordered(late)?.canary).toMatchObject({ step: 1, mode: 'split' });
    world.window(late, good);
    await world.clock.advance(1100);
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
    await second(alone);
    await world.clock.advance(12_000);
    expect(world.conductor.view(id).phase).toBe('done');
    await world.restart();
    expect(stableOf()).toEqual(Array(4).fill('1.1.0'));
  });

  it('does nothing that it cannot store, and does it when it can', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    await reportAll();
    world.database.sqlite.exec(
      `create trigger full before update on rollouts begin select raise(abort, 'disk full'); end`,
    );
    await second(bad);
    expect([world.conductor.view(id).phase, withCanary().length]).toEqual(['rolling', 2]);
    world.database.sqlite.exec('drop trigger full');
    await world.clock.advance(600);
    expect(world.conductor.view(id).phase).toBe('rolling-back');
    await expect.poll(withCanary).toEqual([]);
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

  it('refuses a decision about a step that it is no longer at', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    const promote = { action: 'promote', by: 'operator:a', why: 'x', keep: false, all: false } as const;
    await expect(world.conductor.decide(id, promote, 1)).rejects.toMatchObject({ code: 'action-conflict' });
    expect(world.conductor.view(id).step).toBe(0);
    await world.conductor.decide(id, promote, 0);
    // Somebody else who had looked at the first one, too.
    await expect(world.conductor.decide(id, promote, 0)).rejects.toMatchObject({ code: 'action-conflict' });
    expect(world.conductor.view(id).step).toBe(1);
    await expect(world.conductor.decide('r1', promote, 0)).rejects.toMatchObject({ code: 'action-conflict' });
  });

  it('refuses a decision that its phase does not allow, by name', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    const decide = (action: 'approve' | 'resume') =>
      world.conductor.decide(id, { action, by: 'operator:a', why: null, keep: false, all: false });
    await expect(decide('approve')).rejects.toMatchObject({ code: 'action-conflict' });
    await expect(decide('resume')).rejects.toMatchObject({ code: 'action-conflict' });
  });
});

it('a step that goes bad when it has no second arm is taken back too', async () => {
  const { id } = await world.create('digits@1.1.0', { policy });
  await reportAll();
  await second(good);
  await expect.poll(withCanary).toHaveLength(4);
  await reportAll();
  await second({ ...alone, errors: { stable: 0, canary: 200 } });
  expect([world.conductor.view(id).phase, world.conductor.view(id).reason?.code]).toEqual(['rolling-back', 'harm']);
});

it('a look is announced to whoever watches, though nothing else comes of it', async () => {
  await world.create('digits@1.1.0', { policy });
  await reportAll();
  const before = world.announced.length;
  await second({ stable: 10, canary: 10 });
  expect(world.announced.length).toBeGreaterThan(before);
});

describe('a device that a person keeps', () => {
  const hold = { by: 'operator:a', why: null, atMs: 0 };

  it('out of it is in no cohort, loses its canary at once, and is back when it is freed', async () => {
    await world.create('digits@1.1.0', { policy });
    const [first = ''] = withCanary();
    await world.holds.put(first, {
      kind: 'excluded',
      models: { digits: world.ordered(first)?.stable ?? never() },
      ...hold,
    });
    await world.conductor.heldOrFreed(first);
    expect(world.ordered(first)?.canary).toBeUndefined();
    await reportAll();
    expect(world.conductor.view('r2').devices.find(({ device }) => device === first)).toMatchObject({
      code: 'excluded',
    });
    await world.holds.remove(first, '');
    await world.conductor.heldOrFreed(first);
    await world.clock.advance(100);
    await expect.poll(() => world.ordered(first)?.canary).toBeDefined();
  });

  it('in quarantine has shown nothing', async () => {
    await world.create('digits@1.1.0', { policy });
    await reportAll();
    const [first = ''] = withCanary();
    await second(good);
    await world.holds.put(first, { kind: 'quarantined', models: {}, ...hold });
    await world.conductor.heldOrFreed(first);
    const inFull = () => ids.filter((id) => id !== first && world.ordered(id)?.canary?.mode === 'full');
    await expect.poll(inFull).toHaveLength(3);
    await world.clock.advance(1100);
    for (const id of inFull()) world.window(id, alone);
    await world.clock.advance(1100);
    expect(world.conductor.view('r2').arms?.canary.calls).toBe(1000);
  });
});

function never(): never {
  throw new Error('the device has an order');
}

describe('a rollout in steps cannot be', () => {
  const from = (changes: Partial<RolloutPolicy['steps'][number]>): RolloutPolicy => {
    const [first, ...rest] = policy.steps;
    if (first === undefined) throw new Error('the policy has steps');
    return { ...policy, steps: [{ ...first, ...changes }, ...rest] };
  };

  it.each([
    ['policy-unknown', 'brave'],
    ['policy-newer', { version: 2 }],
    ['policy-newer', { ...policy, version: 2 }],
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
    expect(world.conductor.view('r2')).toMatchObject({
      phase: 'superseded',
      reason: { code: 'superseded', text: 'r3 took its place' },
    });
    expect(withCanary().map((id) => world.ordered(id)?.canary?.version)).toEqual(['1.2.0', '1.2.0']);
  });

  it('one of a release that every device has, or of a model that none has', async () => {
    world.catalog.list('vad', '1.0.0');
    const refused = async (release: string, why: RegExp) => {
      const error: unknown = await world.create(release, { policy }).catch((reason: unknown) => reason);
      expect(codeOf(error)).toBe('no-stable');
      expect(messageOf(error)).toMatch(why);
    };
    await refused('digits@1.0.0', /none of \d+ devices can .*: \d+ × it serves this release already;/);
    await refused('vad@1.0.0', /: \d+ × it has no release of this model to compare with;/);
  });
});
