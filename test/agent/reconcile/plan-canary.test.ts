import { describe, expect, it } from 'vitest';
import type { CanarySettings } from '@bellwether/agent/inference/canary-settings';
import type { InstallRecord, ReleaseRef } from '@bellwether/agent/installs/install-record';
import type { ObservedInstall, ObservedModel } from '@bellwether/agent/reconcile/observed';
import { makePlan } from '@bellwether/agent/reconcile/plan';
import { canaryStanding, withRoomForOne } from '@bellwether/agent/reconcile/plan-canary';
import { canarySettings as settings } from '../../support/canary-world.js';
import { digitsRelease, installRecord, orderDigest } from '../../support/installs.js';

const first = digitsRelease('1.0.0');
const second = digitsRelease('1.1.0');
const third = digitsRelease('1.2.0');
const entry = orderDigest('canary');
const aloneEntry = orderDigest('alone');

function seen(
  release: ReleaseRef,
  changes: Partial<InstallRecord>,
  about: Partial<Omit<ObservedInstall, 'record'>> = {},
): ObservedInstall {
  return { record: installRecord(release, changes), listing: 'listed', waitMs: 0, waitCode: null, ...about };
}

const canaryOf = (release: ReleaseRef, changes: Partial<CanarySettings> = {}, leaseLeftMs = 60_000) => ({
  release,
  settings: { ...settings, ...changes },
  entry,
  aloneEntry,
  keepsState: false,
  leaseLeftMs,
});
const trialOf = (release: ReleaseRef, changes: Partial<CanarySettings> = {}) => ({
  release,
  settings: { ...settings, ...changes },
  triedMs: 0,
  segment: 3,
});
const serves = (release: ReleaseRef) => ({ release, servedMs: 0, calls: 0 });
const verdict = (code: string, order = entry) => ({ code, message: code, order, atMs: 0 });
const stable = seen(first, { phase: 'settled', servedOrdinal: 1 });
const standby = seen(second, { phase: 'standby' });

function model(changes: Partial<ObservedModel>): ObservedModel {
  return withRoomForOne({
    model: 'digits',
    ordered: first,
    entry: orderDigest('now'),
    installs: [stable],
    serving: serves(first),
    isOpen: true,
    standby: null,
    canary: null,
    trial: null,
    ...changes,
  });
}

/** `type version` of each step. */
function plan(changes: Partial<ObservedModel>): string[] {
  const { steps } = makePlan({
    order: orderDigest('now'),
    models: [model(changes)],
    probation: { minutes: 10, calls: 100, maxHours: 24 },
    onNoAllowedRelease: 'keep',
  });
  return steps.map((step) => (step.type === 'withdraw' ? step.type : `${step.type} ${step.release.version}`));
}

const canary = canaryOf(second);
const statefulShadow = { ...canaryOf(second, { mode: 'shadow' }), keepsState: true };
const fresh = seen(second, { phase: 'standby', canary: { order: entry, deaths: 0, isFresh: true } });
const full = canaryOf(second, { mode: 'full', share: 10_000 });
const noRoom = seen(second, { phase: 'refused', verdict: verdict('memory') }, { waitMs: 9, waitCode: 'memory' });

describe('the plan for a canary', () => {
  const rows: readonly (readonly [string, Partial<ObservedModel>, readonly string[]])[] = [
    ['it is installed once stable serves', { canary }, ['install 1.1.0']],
    ['stable comes first', { canary, serving: null, installs: [] }, ['install 1.0.0']],
    ['stable comes first at a boot too', { canary, serving: null }, ['restore 1.0.0']],
    ['a runner that is ready gets its calls', { canary, installs: [stable, standby], standby: second }, ['try 1.1.0']],
    [
      'in a shadow what keeps state is not tried; its runner waits for another order',
      { canary: statefulShadow, installs: [stable, standby], standby: second },
      [],
    ],
    [
      'in a shadow what keeps state loses its calls',
      { canary: statefulShadow, installs: [stable, standby], trial: trialOf(second) },
      ['drop 1.1.0'],
    ],
    [
      'once it has had calls for a minute, an end of the agent is not its doing',
      { canary, installs: [stable, fresh], trial: { ...trialOf(second), triedMs: 60_000 } },
      ['steady 1.1.0'],
    ],
    ['until then it may be', { canary, installs: [stable, fresh], trial: { ...trialOf(second), triedMs: 59_999 } }, []],
    ['with its calls it is let be', { canary, installs: [stable, standby], trial: trialOf(second) }, []],
    [
      'another share is another part of the calls, and no other runner',
      { canary: canaryOf(second, { share: 9500 }), installs: [stable, standby], trial: trialOf(second) },
      ['try 1.1.0'],
    ],
    ['without an order it is dropped', { installs: [stable, standby], trial: trialOf(second) }, ['drop 1.1.0']],
    [
      'another canary waits until the one before is gone: there is never a third runner',
      { canary: canaryOf(third), installs: [stable, standby], trial: trialOf(second) },
      ['drop 1.1.0'],
    ],
    [
      'a runner that died is started again from what is installed',
      { canary, installs: [stable, standby] },
      ['warm 1.1.0'],
    ],
    [
      'a release that settled here before is warmed up, without the network',
      { canary, installs: [stable, seen(second, { phase: 'settled' })] },
      ['warm 1.1.0'],
    ],
    [
      'a canary whose lease is over is dropped',
      { canary: canaryOf(second, {}, 0), installs: [stable, standby], trial: trialOf(second) },
      ['drop 1.1.0'],
    ],
    ['a canary without a lease is not even installed', { canary: canaryOf(second, {}, 0) }, []],
    [
      'a canary that tripped here is not tried again under its order',
      { canary, installs: [stable, seen(second, { phase: 'reverted', verdict: verdict('canary-tripped') })] },
      [],
    ],
    [
      'one that tripped in another rollout is',
      {
        canary,
        installs: [stable, seen(second, { phase: 'reverted', verdict: verdict('canary-tripped', orderDigest('x')) })],
      },
      ['install 1.1.0'],
    ],
    [
      'promoted, its runner becomes stable’s as it is',
      { ordered: second, installs: [stable, standby], trial: trialOf(second) },
      ['promote 1.1.0'],
    ],
    ['what has no room beside stable waits', { canary, installs: [stable, noRoom] }, []],
    [
      'in a full step what has no room takes stable’s place by an ordinary swap',
      { canary: full, installs: [stable, noRoom] },
      ['install 1.1.0'],
    ],
    [
      'alone, it answers in the canary’s name',
      {
        canary: full,
        installs: [stable, seen(second, { phase: 'serving', servedOrdinal: 2 })],
        serving: serves(second),
      },
      ['try 1.1.0'],
    ],
    [
      'alone, a rollback brings stable back',
      {
        installs: [stable, seen(second, { phase: 'settled', servedOrdinal: 2 })],
        serving: serves(second),
        trial: trialOf(second),
      },
      ['restore 1.0.0', 'drop 1.1.0'],
    ],
  ];
  it.each(rows)('%s', (_, changes, steps) => {
    expect(plan(changes)).toEqual(steps);
  });
});

describe('where a canary stands', () => {
  it.each([
    ['tripped', { canary, installs: [seen(second, { phase: 'reverted', verdict: verdict('canary-tripped') })] }],
    ['reverted', { canary, installs: [seen(second, { phase: 'reverted', verdict: verdict('runner-deaths') })] }],
    ['refused', { canary, installs: [seen(second, { phase: 'refused', verdict: verdict('golden') })] }],
    ['no-room', { canary, installs: [noRoom] }],
    ['refused', { canary: statefulShadow, installs: [stable, standby], standby: second }],
    ['lease-over', { canary: canaryOf(second, {}, 0) }],
  ] as const)('%s', (state, changes) => {
    expect(canaryStanding(model(changes))).toMatchObject({ kind: 'off', state });
  });

  it('in a full step has no room only when it cannot even take stable’s place', () => {
    expect(canaryStanding(model({ canary: full, installs: [noRoom] }))).toMatchObject({ kind: 'wanted' });
    const alone = { ...noRoom, record: { ...noRoom.record, verdict: verdict('memory', aloneEntry) } };
    expect(canaryStanding(model({ canary: full, installs: [alone] }))).toMatchObject({ state: 'no-room' });
  });

  it('is wanted while what keeps it passes by itself', () => {
    const waits = seen(second, { phase: 'refused', verdict: verdict('network') }, { waitMs: 9, waitCode: 'network' });
    expect(canaryStanding(model({ canary, installs: [stable, waits] }))).toMatchObject({ kind: 'wanted' });
  });
});
