import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { behaviourOf, checkBehaviour, goodBehaviour, releaseBehaviour } from '@bellwether/agent/simulation/behaviour';
import { drawCall } from '@bellwether/agent/simulation/call-script';
import { parse } from '@bellwether/shared/yaml';

it('fills in what a file leaves out, down to its releases', () => {
  const groups = [{ name: 'ill', share: 0.1, releases: [{ release: 'digits@1.2.0', errors: 0.5 }] }];
  const behaviour = checkBehaviour({ version: 1, groups }, 'fleet.yaml');
  expect(behaviour.groups[0]).toMatchObject({ requestsPerSecond: 1, silent: false, outages: [] });
  expect(releaseBehaviour(behaviour.groups[0] ?? goodBehaviour.otherwise, 'digits@1.2.0')).toEqual({
    release: 'digits@1.2.0',
    latencyMs: 2,
    latencySigma: 0.3,
    errors: 0.5,
    invalid: 0,
    deaths: 0,
    confidence: 0.9,
  });
  expect(behaviour.otherwise.requestsPerSecond).toBe(1);
});

it('reads the one of the examples', async () => {
  const value: unknown = parse(
    await readFile(new URL('../../../../examples/rollouts/fleet.yaml', import.meta.url), 'utf8'),
  );
  const { otherwise } = checkBehaviour(value, 'fleet.yaml');
  expect(releaseBehaviour(otherwise, 'digits@1.2.0').errors).toBe(0.05);
});

it.each([
  [{ version: 2 }, 'a later version'],
  [{ version: 1, groups: [{ name: 'a', share: 0.6, mood: 'bad' }] }, 'a field that it does not know'],
  [{ version: 1, groups: [{ name: 'a', share: 1.5 }] }, 'a share above one'],
  [{ version: 1, otherwise: { releases: [{ release: '*', errors: -1 }] } }, 'a negative rate'],
  [
    {
      version: 1,
      groups: [
        { name: 'a', share: 0.6 },
        { name: 'b', share: 0.6 },
      ],
    },
    'shares over one',
  ],
  ['all is well', 'text'],
])('refuses %j: %s', (value: unknown, _why: string) => {
  expect(() => checkBehaviour(value, 'fleet.yaml')).toThrow(expect.objectContaining({ code: 'behaviour-invalid' }));
});

it('gives each group its share of the devices, and the rest what is left', () => {
  const groups = [
    { name: 'quiet', share: 0.25, silent: true },
    { name: 'busy', share: 0.5, requestsPerSecond: 9 },
  ];
  const behaviour = checkBehaviour({ version: 1, groups }, 'fleet.yaml');
  const rates = Array.from({ length: 8 }, (_, number) => behaviourOf(behaviour, number, 8).requestsPerSecond);
  expect(rates).toEqual([1, 1, 9, 9, 9, 9, 1, 1]);
  expect(behaviourOf(behaviour, 1, 8).silent).toBe(true);
  expect(behaviourOf(behaviour, 2, 8).silent).toBe(false);
});

/** A sequence of numbers in 0 … 1 that is the same each time (Lehmer, MINSTD). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function drawMany(group: object, release: string, atSeconds: number): readonly ReturnType<typeof drawCall>[] {
  const { otherwise } = checkBehaviour({ version: 1, otherwise: group }, 'fleet.yaml');
  const random = seeded(7);
  return Array.from({ length: 4000 }, () => drawCall(otherwise, release, atSeconds * 1000, random));
}

function shareOf<T>(calls: readonly T[], isSo: (call: T) => boolean): number {
  return calls.filter(isSo).length / calls.length;
}

it('fails, spoils and kills the calls of the release that is said to, and of no other', () => {
  const releases = [{ release: 'digits@1.2.0', errors: 0.2, invalid: 0.1, deaths: 0.05, latencyMs: 20 }];
  const bad = drawMany({ releases }, 'digits@1.2.0', 0);
  expect(shareOf(bad, ({ kind }) => kind === 'error')).toBeCloseTo(0.19, 1);
  expect(shareOf(bad, (call) => call.kind === 'answer' && call.invalid)).toBeCloseTo(0.08, 1);
  expect(shareOf(bad, ({ kind }) => kind === 'death')).toBeCloseTo(0.05, 1);
  expect(shareOf(bad, (call) => call.kind !== 'death' && call.latencyMs > 20)).toBeCloseTo(0.475, 1);
  const good = drawMany({ releases }, 'digits@1.1.0', 0);
  expect(shareOf(good, (call) => call.kind === 'answer' && !call.invalid)).toBe(1);
});

it('meets every release alike in an outage, while it lasts', () => {
  const outages = [{ afterSeconds: 10, forSeconds: 5, errors: 0.5, latencyFactor: 10 }];
  for (const release of ['digits@1.0.0', 'digits@1.1.0']) {
    const [before, during, after] = [9, 12, 15].map((at) => drawMany({ outages }, release, at));
    expect(shareOf(during ?? [], ({ kind }) => kind === 'error')).toBeCloseTo(0.5, 1);
    expect(shareOf(during ?? [], (call) => call.kind !== 'death' && call.latencyMs > 10)).toBeGreaterThan(0.9);
    for (const calm of [before, after]) expect(shareOf(calm ?? [], ({ kind }) => kind === 'answer')).toBe(1);
  }
});

it('lets the inputs drift towards one class with less confidence', () => {
  const drift = { afterSeconds: 10, overSeconds: 100, strength: 0.8 };
  const first = (call: ReturnType<typeof drawCall>): boolean => call.kind === 'answer' && call.classIndex === 0;
  expect(shareOf(drawMany({ drift }, 'digits@1.0.0', 5), first)).toBeCloseTo(0.1, 1);
  expect(shareOf(drawMany({ drift }, 'digits@1.0.0', 60), first)).toBeCloseTo(0.46, 1);
  const late = drawMany({ drift }, 'digits@1.0.0', 200);
  expect(shareOf(late, first)).toBeCloseTo(0.82, 1);
  expect(Math.max(...late.map((call) => (call.kind === 'answer' ? call.confidence : 0)))).toBeLessThan(0.6);
});
