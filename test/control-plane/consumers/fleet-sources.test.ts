import { describe, expect, it } from 'vitest';
import { fleetReleases } from '@bellwether/control-plane/fleet/fleet-releases';
import type { RolloutPhase } from '@bellwether/control-plane/http/rollout-api';
import { fleetRollout, rolloutSource } from '@bellwether/control-plane/rollouts/fleet-rollout';
import { decodeFleetReleases, maxFleetReleases } from '@bellwether/shared/contract/fleet-releases';
import { decodeFleetRollout } from '@bellwether/shared/contract/fleet-rollout';
import { releaseView, rolloutDevice, rolloutView } from '../../support/operator-views.js';
import { bytesOf } from '../../support/telemetry-messages.js';

describe('what consumers are told of a rollout', () => {
  it('has its devices by where they stand, whatever the code', () => {
    const standings = [
      { state: 'refused', code: 'memory', devices: 2 },
      { state: 'refused', code: 'disk', devices: 1 },
      { state: 'settled', code: null, devices: 4 },
    ] as const;
    const told = fleetRollout(rolloutView('1.1.0', { id: 'r7', standings: [...standings], deviceCount: 7 }));
    expect(decodeFleetRollout(bytesOf(told))).toMatchObject({
      model: 'digits',
      releaseVersion: '1.1.0',
      devices: 7,
      standings: { refused: 3, settled: 4 },
      step: null,
    });
  });

  it('ends with its last moment, and does not while it goes on', () => {
    const timeline = [
      { atMs: 5, code: 'created', text: 'created' },
      { atMs: 9, code: 'done', text: 'every device serves it' },
    ];
    expect(fleetRollout(rolloutView('1.1.0', { phase: 'done', timeline })).endedAtMs).toBe(9);
    expect(fleetRollout(rolloutView('1.1.0', { phase: 'held', timeline })).endedAtMs).toBeNull();
  });

  it('is made when it is asked for: of those that go on, and of the newest that have ended', () => {
    const phases = new Map<string, RolloutPhase>([['r101', 'held']]);
    for (let i = 100; i > 1; i--) phases.set(`r${i}`, 'done');
    phases.set('r1', 'rolling');
    const viewed: string[] = [];
    const rollout = (id: string) => {
      viewed.push(id);
      return rolloutView('1.1.0', { id, devices: [rolloutDevice('a', 'settled')] });
    };
    const source = rolloutSource({ conductor: { phases: () => phases }, views: { rollout } });
    const told = source.all()[Symbol.iterator]();
    told.next();
    told.next();
    expect(viewed).toEqual(['r101', 'r1']);
    while (told.next().done !== true);
    expect([viewed.length, viewed.at(-1)]).toEqual([52, 'r51']);
  });
});

describe('what consumers are told of releases', () => {
  it('is by model, and has those that serve before the newest that do not', () => {
    const versions = Array.from({ length: maxFleetReleases + 5 }, (_, i) => `1.0.${maxFleetReleases + 5 - i}`);
    const views = versions.map((version, i) =>
      releaseView(version, { version, devicesServing: i === versions.length - 1 ? 2 : 0 }),
    );
    const told = fleetReleases([...views, releaseView('2.0.0', { model: 'vad' })]);
    expect([...told.keys()]).toEqual(['digits', 'vad']);
    const { releases } = decodeFleetReleases(bytesOf(told.get('digits')));
    const kept = [...versions.slice(0, maxFleetReleases - 1), '1.0.1'];
    expect(releases.map(({ version }) => version)).toEqual(kept);
  });
});
