import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, isFor } from '@bellwether/control-plane/rollouts/rollout';

const labels = fc.dictionary(fc.constantFrom('hardware', 'site', 'ring'), fc.constantFrom('a', 'b'));
const target = fc.oneof(fc.constant({ all: true } as const), fc.record({ labels }));

describe('a rollout’s target', () => {
  it('covers another one only if every device of that one is its own', () => {
    fc.assert(
      fc.property(target, target, labels, (newer, older, device) => {
        if (covers(newer, older) && isFor(older, device)) expect(isFor(newer, device)).toBe(true);
      }),
    );
  });

  it.each([
    [{ all: true }, { all: true }, true],
    [{ all: true }, { labels: { site: 'a' } }, true],
    [{ labels: { site: 'a' } }, { all: true }, false],
    [{ labels: { site: 'a' } }, { labels: { site: 'a', hardware: 'rpi4' } }, true],
    [{ labels: { site: 'a', hardware: 'rpi4' } }, { labels: { site: 'a' } }, false],
  ] as const)('%j covers %j: %s', (newer, older, want) => {
    expect(covers(newer, older)).toBe(want);
  });
});
