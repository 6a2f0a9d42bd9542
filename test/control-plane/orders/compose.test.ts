import { describe, expect, it } from 'vitest';
import {
  composeModels,
  contentDigest,
  type ModelOrder,
  modelsFor,
  type OrderedDevice,
  urgentNews,
} from '@bellwether/control-plane/orders/compose';
import type { DeviceHold } from '@bellwether/control-plane/rollouts/device-hold';
import type { Rollout } from '@bellwether/control-plane/rollouts/rollout';
import { FakeCatalog } from '../../support/catalog.js';
import { directRollout, memberOf, stagedRollout } from '../../support/rollouts.js';

const everybody = { all: true } as const;
const rollout = (number: number, changes: Partial<Rollout> = {}): Rollout =>
  directRollout({
    number,
    version: `1.${number}.0`,
    manifest: String(number).repeat(64).slice(0, 64),
    target: everybody,
    createdAtMs: number,
    ...changes,
  });
const device = 'pi-0123456789abcdef';
const rpi: OrderedDevice = { id: device, labels: { hardware: 'rpi4', site: 'a' }, stage: 'production', holds: [] };
const approved = () => true;
const numbers = (models: readonly ModelOrder[]) => models.map(({ stableFrom }) => stableFrom);
const order = (...rollouts: Rollout[]) => composeModels(modelsFor(rpi, rollouts, approved));

describe('the models of a device', () => {
  it('are the newest of each model, whatever their order', () => {
    const all = [rollout(2), rollout(3), rollout(1), rollout(4, { model: 'vad' })];
    expect(numbers(modelsFor(rpi, all, approved))).toEqual([3, 4]);
  });

  it('are only those for its labels: all of them must fit', () => {
    const all = [
      rollout(1),
      rollout(2, { target: { labels: { hardware: 'rpi4' } } }),
      rollout(3, { target: { labels: { hardware: 'rpi4', site: 'b' } } }),
      rollout(4, { target: { labels: { colour: 'red' } } }),
    ];
    expect(numbers(modelsFor(rpi, all, approved))).toEqual([2]);
  });

  it('are not those that are superseded', () => {
    expect(numbers(modelsFor(rpi, [rollout(1), rollout(2, { phase: 'superseded' })], approved))).toEqual([1]);
  });

  it('in production are only approved ones: an older one stands until then', () => {
    const isApproved = ({ number }: Rollout) => number < 2;
    expect(numbers(modelsFor(rpi, [rollout(1), rollout(2)], isApproved))).toEqual([1]);
    expect(numbers(modelsFor({ ...rpi, stage: 'staging' }, [rollout(1), rollout(2)], isApproved))).toEqual([2]);
  });
});

describe('an order', () => {
  it('names each model’s stable release, and there is none without a model [T-5]', () => {
    expect(order(rollout(1))).toEqual({ digits: { stable: { version: '1.1.0', manifest: '1'.repeat(64) } } });
    expect(composeModels([])).toBeUndefined();
  });

  it('has the same content whatever the order of its models, and another one with another epoch, key or release', () => {
    const models = (...rollouts: Rollout[]) => order(...rollouts) ?? {};
    const one = models(rollout(1), rollout(4, { model: 'vad' }));
    const signed = { epoch: 1, directors: ['key'], device: 'device' };
    const digest = contentDigest(signed, one, []);
    expect(contentDigest(signed, models(rollout(4, { model: 'vad' }), rollout(1)), [])).toBe(digest);
    const others = [
      contentDigest({ ...signed, epoch: 2 }, one, []),
      contentDigest({ ...signed, directors: ['kex'] }, one, []),
      contentDigest({ ...signed, directors: ['key', 'kex'] }, one, []),
      contentDigest({ ...signed, device: 'other' }, one, []),
      contentDigest(signed, models(rollout(1)), []),
      contentDigest(signed, one, [1]),
    ];
    expect(new Set([digest, ...others]).size).toBe(7);
  });

  it('has news of a newer root or targets, and of a withdrawal among its models, but of no other', () => {
    const catalog = new FakeCatalog();
    catalog.list('digits', '1.0.0');
    catalog.list('vad', '1.0.0');
    const news = (versions = catalog.versions) =>
      JSON.stringify(urgentNews({ versions, releases: catalog.releases() }, order(rollout(1)) ?? {}));
    const before = news();
    expect(news({ ...catalog.versions, snapshot: 2 })).toBe(before);
    expect(news({ ...catalog.versions, targets: 2 })).not.toBe(before);
    expect(news({ ...catalog.versions, root: 2 })).not.toBe(before);
    catalog.list('vad', '1.0.0', { withdrawn: 'wrong' });
    expect(news()).toBe(before);
    catalog.list('digits', '1.0.0', { withdrawn: 'wrong' });
    expect(news()).not.toBe(before);
  });
});

describe('a rollout in steps', () => {
  const stable = rollout(1);
  const staged = (...members: Parameters<typeof memberOf>[]) => ({
    ...stagedRollout(undefined, { stepStartedAtMs: 0 }),
    members: new Map(members.map((each) => [each[0], memberOf(...each)])),
  });

  it('puts its canary beside the release that a member has, and gives others nothing', () => {
    const canary = { rollout: 'r2', step: 0, mode: 'split', share: 1000, leaseSeconds: 3600, salt: '1'.repeat(32) };
    const models = order(stable, staged([device]))?.['digits'];
    expect(models?.stable).toEqual({ version: '1.1.0', manifest: stable.manifest });
    expect(models?.canary).toMatchObject(canary);
    expect(order(stable, staged())).toEqual(order(stable));
    expect(order(stable, staged([device, { isOrdered: false }]))).toEqual(order(stable));
    expect(order(stable, staged([device, { off: 'interference' }]))).toEqual(order(stable));
    expect(order(staged([device]))).toBeUndefined(); // a canary alone has nothing to stand beside
  });

  it('takes the place of the release when it is done, and leaves it when it is taken back', () => {
    expect(order(stable, { ...staged([device]), phase: 'done' })?.['digits']?.stable.version).toBe('1.2.0');
    expect(order(stable, { ...staged([device]), phase: 'rolling-back' })).toEqual(order(stable));
  });
});

describe('what a person has decided about a device', () => {
  const decided = { by: 'operator:a', why: null, atMs: 0 };
  const old = { version: '0.9.0', manifest: '9'.repeat(64) };
  const held = (hold: DeviceHold, ...rollouts: Rollout[]) =>
    composeModels(modelsFor({ ...rpi, holds: [hold] }, rollouts, approved));

  it('a pin stands for its model, and others go on', () => {
    const models = held(
      { kind: 'pinned', model: 'digits', ...old, ...decided },
      rollout(1),
      rollout(2, { model: 'vad' }),
    );
    expect([models?.['digits']?.stable, models?.['vad']?.stable.version]).toEqual([old, '1.2.0']);
  });

  it('nothing changes on one that is excluded or quarantined', () => {
    for (const kind of ['excluded', 'quarantined'] as const) {
      expect(held({ kind, models: { digits: old }, ...decided }, rollout(1), rollout(2, { model: 'vad' }))).toEqual({
        digits: { stable: old },
      });
    }
  });
});
