import { describe, expect, it } from 'vitest';
import { composeModels, contentDigest, rolloutsFor, urgentNews } from '@bellwether/control-plane/orders/compose';
import type { Rollout } from '@bellwether/control-plane/rollouts/rollout';

const everybody = { all: true } as const;
const rollout = (number: number, changes: Partial<Rollout> = {}): Rollout => ({
  number,
  model: 'digits',
  version: `1.${number}.0`,
  manifest: String(number).repeat(64).slice(0, 64),
  target: everybody,
  phase: 'rolling',
  createdAtMs: number,
  ...changes,
});
const rpi = { labels: { hardware: 'rpi4', site: 'a' }, stage: 'production' } as const;
const approved = () => true;
const numbers = (rollouts: readonly Rollout[]) => rollouts.map(({ number }) => number);

import { FakeCatalog } from '../../support/catalog.js';

describe('the rollouts of a device', () => {
  it('are the newest of each model, whatever their order', () => {
    const all = [rollout(2), rollout(3), rollout(1), rollout(4, { model: 'vad' })];
    expect(numbers(rolloutsFor(rpi, all, approved))).toEqual([3, 4]);
  });

  it('are only those for its labels: all of them must fit', () => {
    const all = [
      rollout(1),
      rollout(2, { target: { labels: { hardware: 'rpi4' } } }),
      rollout(3, { target: { labels: { hardware: 'rpi4', site: 'b' } } }),
      rollout(4, { target: { labels: { colour: 'red' } } }),
    ];
    expect(numbers(rolloutsFor(rpi, all, approved))).toEqual([2]);
  });

  it('are not those that are superseded', () => {
    expect(numbers(rolloutsFor(rpi, [rollout(1), rollout(2, { phase: 'superseded' })], approved))).toEqual([1]);
  });

  it('in production are only approved ones: an older one stands until then', () => {
    const isApproved = ({ number }: Rollout) => number < 2;
    expect(numbers(rolloutsFor(rpi, [rollout(1), rollout(2)], isApproved))).toEqual([1]);
    expect(numbers(rolloutsFor({ ...rpi, stage: 'staging' }, [rollout(1), rollout(2)], isApproved))).toEqual([2]);
  });
});

describe('an order', () => {
  it('names each model’s stable release, and there is none without a model [T-5]', () => {
    expect(composeModels([rollout(1)])).toEqual({ digits: { stable: { version: '1.1.0', manifest: '1'.repeat(64) } } });
    expect(composeModels([])).toBeUndefined();
  });

  it('has the same content whatever the order of its models, and another one with another epoch, key or release', () => {
    const models = (...rollouts: Rollout[]) => composeModels(rollouts) ?? {};
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
      JSON.stringify(urgentNews({ versions, releases: catalog.releases() }, composeModels([rollout(1)]) ?? {}));
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
