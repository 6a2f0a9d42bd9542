import { describe, expect, it } from 'vitest';
import type { InstallRecord, ReleaseRef } from '@bellwether/agent/installs/install-record';
import type { Observed, ObservedInstall, ObservedModel } from '@bellwether/agent/reconcile/observed';
import { makePlan } from '@bellwether/agent/reconcile/plan';
import type { Step } from '@bellwether/agent/reconcile/step';
import { digitsRelease, installRecord, orderDigest } from '../../support/installs.js';

const first = digitsRelease('1.0.0');
const second = digitsRelease('1.1.0');
const third = digitsRelease('1.2.0');
const now = orderDigest('now');
const before = orderDigest('before');

/** An install as the plan sees it: listed, and free to be tried. */
function seen(
  release: ReleaseRef,
  changes: Partial<InstallRecord>,
  about: Partial<Omit<ObservedInstall, 'record'>> = {},
): ObservedInstall {
  return { record: installRecord(release, changes), listing: 'listed', waitMs: 0, waitCode: null, ...about };
}

const served = (release: ReleaseRef, servedOrdinal: number, about: Partial<Omit<ObservedInstall, 'record'>> = {}) =>
  seen(release, { phase: 'settled', servedOrdinal }, about);
const verdict = (code: string, order: string) => ({ code, message: code, order, atMs: 0 });
const serves = (release: ReleaseRef) => ({ release, servedMs: 0, calls: 0 });

function observed(model: Partial<ObservedModel>, about: Partial<Observed> = {}): Observed {
  const nothing = {
    model: 'digits',
    ordered: null,
    entry: now,
    installs: [],
    serving: null,
    isOpen: false,
    standby: null,
    canary: null,
    trial: null,
  };
  const models = [{ ...nothing, isOpen: (model.serving ?? null) !== null, ...model }];
  const probation = { minutes: 10, calls: 100, maxHours: 24 };
  return { order: now, models, probation, onNoAllowedRelease: 'keep', ...about };
}

/** `type version` of each step. */
function plan(from: Observed): string[] {
  return makePlan(from).steps.map(describeStep);
}

function describeStep(step: Step): string {
  return step.type === 'withdraw' ? `withdraw ${step.model}` : `${step.type} ${step.release.version}`;
}

/** What is wanted and seen, and the steps that follow. */
const rows: readonly (readonly [string, Observed, readonly string[]])[] = [
  ['nothing before the first order', observed({ ordered: first }, { order: null }), []],
  ['an unknown release is installed', observed({ ordered: first }), ['install 1.0.0']],
  [
    'an install that was interrupted goes on',
    observed({ ordered: first, installs: [seen(first, { phase: 'verifying' })] }),
    ['install 1.0.0'],
  ],
  [
    'a release in standby takes over',
    observed({
      ordered: second,
      installs: [seen(second, { phase: 'standby' })],
      standby: second,
      serving: serves(first),
    }),
    ['swap 1.1.0'],
  ],
  [
    'a standby record without its runner is installed again',
    observed({ ordered: second, installs: [seen(second, { phase: 'standby' })] }),
    ['install 1.1.0'],
  ],
  [
    'a standby runner that is no longer ordered is discarded, and the newest order is followed',
    observed({ ordered: third, installs: [seen(second, { phase: 'standby' })], standby: second }),
    ['discard 1.1.0', 'install 1.2.0'],
  ],
  [
    'what is ordered and serves is left alone',
    observed({ ordered: first, installs: [served(first, 1)], serving: serves(first) }),
    [],
  ],
  [
    'what serves goes on serving while the next one is installed',
    observed({ ordered: second, installs: [served(first, 1)], serving: serves(first) }),
    ['install 1.1.0'],
  ],
  [
    'at boot the ordered release that is installed here serves again',
    observed({ ordered: first, installs: [served(first, 1)] }),
    ['restore 1.0.0'],
  ],
  [
    'at boot what served last serves while the ordered release is installed',
    observed({ ordered: third, installs: [served(first, 1), served(second, 2)] }),
    ['restore 1.1.0', 'install 1.2.0'],
  ],
  [
    'at boot after a rollback it is not the newest version that serves but what served last',
    observed({ ordered: third, installs: [served(first, 3), served(second, 2)] }),
    ['restore 1.0.0', 'install 1.2.0'],
  ],
  [
    'a rollback needs no install',
    observed({ ordered: first, installs: [served(first, 1), served(second, 2)], serving: serves(second) }),
    ['restore 1.0.0'],
  ],
  [
    'a dead runner of a release in probation is restarted',
    observed({ ordered: second, installs: [seen(second, { phase: 'serving', servedOrdinal: 2 })], isOpen: true }),
    ['restore 1.1.0'],
  ],
  [
    'a restart that has to wait lets what served before it serve',
    observed({ ordered: second, installs: [served(first, 1), served(second, 2, { waitMs: 500 })], isOpen: true }),
    ['restore 1.0.0'],
  ],
  [
    'a reverted release gives way to the one before it and is not installed again',
    observed({
      ordered: second,
      installs: [served(first, 1), seen(second, { phase: 'reverted', verdict: verdict('runner-deaths', now) })],
    }),
    ['restore 1.0.0'],
  ],
  [
    'a reverted release is tried again under a new order',
    observed({
      ordered: second,
      serving: serves(first),
      installs: [served(first, 1), seen(second, { phase: 'reverted', verdict: verdict('runner-deaths', before) })],
    }),
    ['install 1.1.0'],
  ],
  [
    'a permanent refusal stands as long as the order does',
    observed({ ordered: first, installs: [seen(first, { phase: 'refused', verdict: verdict('blob-digest', now) })] }),
    [],
  ],
  [
    'a permanent refusal is tried again under a new order',
    observed({
      ordered: first,
      installs: [seen(first, { phase: 'refused', verdict: verdict('blob-digest', before) })],
    }),
    ['install 1.0.0'],
  ],
  [
    'a passing refusal is tried again',
    observed({ ordered: first, installs: [seen(first, { phase: 'refused', verdict: verdict('disk', now) })] }),
    ['install 1.0.0'],
  ],
  [
    'a passing refusal waits for its back-off',
    observed({
      ordered: first,
      installs: [seen(first, { phase: 'refused', verdict: verdict('disk', now) }, { waitMs: 9 })],
    }),
    [],
  ],
  [
    'a refusal changes nothing that runs',
    observed({
      ordered: second,
      serving: serves(first),
      installs: [served(first, 1), seen(second, { phase: 'refused', verdict: verdict('golden', now) })],
    }),
    [],
  ],
  [
    'a model that the order does not name stops',
    observed({ serving: serves(first), installs: [served(first, 1)] }),
    ['withdraw digits'],
  ],
  [
    'a model that the order does not name stops though its runner is dead: its requests wait',
    observed({ isOpen: true, installs: [served(first, 1)] }),
    ['withdraw digits'],
  ],
  ['a model that stopped stays stopped', observed({ installs: [served(first, 1)] }), []],
  [
    'a withdrawn release that serves gives way to another',
    observed({
      ordered: second,
      serving: serves(second),
      installs: [served(first, 1), served(second, 2, { listing: 'withdrawn' })],
    }),
    ['restore 1.0.0'],
  ],
  [
    'a withdrawn release goes on serving when nothing may take its place and the configuration says keep',
    observed({ ordered: second, serving: serves(second), installs: [served(second, 2, { listing: 'withdrawn' })] }),
    [],
  ],
  [
    'a withdrawn release stops when nothing may take its place and the configuration says stop',
    observed(
      { ordered: second, serving: serves(second), installs: [served(second, 2, { listing: 'withdrawn' })] },
      { onNoAllowedRelease: 'stop' },
    ),
    ['withdraw digits'],
  ],
  [
    'an absent listing is no withdrawal',
    observed(
      { ordered: second, serving: serves(second), installs: [served(second, 2, { listing: 'unlisted' })] },
      { onNoAllowedRelease: 'stop' },
    ),
    [],
  ],
  [
    'a release that is not listed any more is nothing to fall back on',
    observed({ ordered: third, installs: [served(first, 1), served(second, 2, { listing: 'unlisted' })] }),
    ['restore 1.0.0', 'install 1.2.0'],
  ],
];

describe('the plan', () => {
  it.each(rows)('%s', (_why, from, steps) => {
    expect(plan(from)).toEqual(steps);
  });

  it('gives every step a reason', () => {
    for (const [, from] of rows) for (const { reason } of makePlan(from).steps) expect(reason).toMatch(/\w{3}/);
  });

  it('says the same twice: it is a function', () => {
    for (const [, from] of rows) expect(makePlan(from)).toEqual(makePlan(from));
  });

  it('settles a release at the end of its probation, and not before', () => {
    const probation = { servedMs: 590_000, calls: 9 };
    const installs = [seen(first, { phase: 'serving', servedOrdinal: 1, probation })];
    const after = (servedMs: number, calls: number) =>
      plan(observed({ ordered: first, installs, serving: { release: first, servedMs, calls } }));
    expect(after(599_999, 1000)).toEqual([]);
    expect(after(600_000, 99)).toEqual([]);
    expect(after(600_000, 100)).toEqual(['settle 1.0.0']);
  });

  it('looks again when the first wait or the probation is over', () => {
    const waiting = seen(second, { phase: 'refused', verdict: verdict('disk', now) }, { waitMs: 700_000 });
    const installs = [seen(first, { phase: 'serving', servedOrdinal: 1 }), waiting];
    const from = observed({ ordered: second, installs, serving: { release: first, servedMs: 60_000, calls: 0 } });
    expect(makePlan(from).lookAgainMs).toBe(540_000);
  });

  it('keeps what a probation has behind it every minute, and every quarter of an hour when only calls are missing', () => {
    const at = (servedMs: number, kept: number) => {
      const probation = { servedMs: kept, calls: 0 };
      const installs = [seen(first, { phase: 'serving', servedOrdinal: 1, probation })];
      return plan(observed({ ordered: first, installs, serving: { release: first, servedMs, calls: 0 } }));
    };
    expect(at(60_000, 0)).toEqual(['keep-probation 1.0.0']);
    expect(at(119_999, 60_000)).toEqual([]);
    expect(at(700_000, 600_000)).toEqual([]);
    expect(at(1_500_000, 600_000)).toEqual(['keep-probation 1.0.0']);
  });

  it('lets a refusal stand while the order says the same of its model, and lifts it when it names another release', () => {
    const refused = seen(second, { phase: 'refused', verdict: verdict('golden', now) });
    expect(plan(observed({ ordered: second, installs: [refused] }, { order: before }))).toEqual([]);
    expect(plan(observed({ ordered: first, installs: [refused, served(first, 1)] }))).toContain('lift 1.1.0');
    const lifted = seen(second, { phase: 'refused', verdict: verdict('golden', '0'.repeat(64)) });
    expect(plan(observed({ ordered: first, installs: [lifted, served(first, 1)] }))).not.toContain('lift 1.1.0');
    expect(plan(observed({ ordered: second, installs: [lifted] }))).toEqual(['install 1.1.0']);
  });

  it('does not spin while a probation that is over cannot be written down', () => {
    const installs = [seen(first, { phase: 'serving', servedOrdinal: 1 })];
    const over = { release: first, servedMs: 25 * 3_600_000, calls: 0 };
    const { steps, lookAgainMs } = makePlan(observed({ ordered: first, installs, serving: over }));
    expect(steps).toMatchObject([{ type: 'settle' }]);
    expect(lookAgainMs).toBeNull();
  });

  it('does not look again when nothing can come of it', () => {
    const from = observed({ ordered: first, installs: [served(first, 1)], serving: serves(first) });
    expect(makePlan(from).lookAgainMs).toBeNull();
  });

  it('installs one release at a time, and restores models beside each other', () => {
    const vad = digitsRelease('5.0.0', 'vad');
    const letters = digitsRelease('2.0.0', 'letters');
    const model = (release: ReleaseRef, installs: readonly ObservedInstall[]): ObservedModel => ({
      model: release.model,
      ordered: release,
      entry: now,
      installs,
      serving: null,
      isOpen: false,
      standby: null,
      canary: null,
      trial: null,
    });
    const models = [
      model(first, []),
      model(vad, []),
      model(letters, [served(letters, 1)]),
      model(second, [served(second, 1)]),
    ];
    const lanes = makePlan({ ...observed({}), models }).steps.map(({ lane }) => lane);
    expect(lanes).toEqual(['install', 'install', 'serving/letters', 'serving/digits']);
  });
});
