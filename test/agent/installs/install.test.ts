import { describe, expect, it } from 'vitest';
import {
  InstallError,
  installEdges,
  maxProbationDeaths,
  newInstall,
  transition,
} from '@bellwether/agent/installs/install';
import type { InstallEvent } from '@bellwether/agent/installs/install-event';
import type { InstallPhase } from '@bellwether/shared/contract/report';
import { installPhases } from '@bellwether/shared/contract/report';
import { digitsRelease, installRecord, orderDigest } from '../../support/installs.js';

const release = digitsRelease('1.1.0');
const order = orderDigest('seven');
const refusal = { code: 'golden', message: 'output 3 is 0.2 off' } as const;

const events: Readonly<Record<InstallEvent['type'], InstallEvent>> = {
  begun: { type: 'begun' },
  lifted: { type: 'lifted' },
  'probation-kept': { type: 'probation-kept', progress: { servedMs: 5, calls: 6 } },
  aborted: { type: 'aborted' },
  fetched: { type: 'fetched' },
  verified: { type: 'verified' },
  probed: { type: 'probed' },
  swapped: { type: 'swapped', ordinal: 5 },
  'probation-passed': { type: 'probation-passed' },
  'bytes-lost': { type: 'bytes-lost' },
  'standby-lost': { type: 'standby-lost' },
  'runner-died': { type: 'runner-died', why: 'it was ended by SIGSEGV', order },
  'canary-begun': { type: 'canary-begun', order },
  'canary-steady': { type: 'canary-steady' },
  'canary-died': { type: 'canary-died', why: 'it was ended by SIGSEGV', order },
  'canary-off': { type: 'canary-off', message: 'E = 2e4', order },
  refused: { type: 'refused', refusal, order },
  'agent-restarted': { type: 'agent-restarted', order },
};
const eventTypes = Object.keys(events) as InstallEvent['type'][];

/** Phase, event, phase after; every other pair has no edge. Written apart from the product's table. */
const expected: readonly (readonly [InstallPhase, InstallEvent['type'], InstallPhase])[] = [
  ['fetching', 'begun', 'fetching'],
  ['fetching', 'aborted', 'fetching'],
  ['fetching', 'fetched', 'verifying'],
  ['fetching', 'refused', 'refused'],
  ['fetching', 'agent-restarted', 'fetching'],
  ['verifying', 'begun', 'fetching'],
  ['verifying', 'aborted', 'fetching'],
  ['verifying', 'verified', 'probing'],
  ['verifying', 'refused', 'refused'],
  ['verifying', 'agent-restarted', 'fetching'],
  ['probing', 'begun', 'fetching'],
  ['probing', 'aborted', 'fetching'],
  ['probing', 'probed', 'standby'],
  ['probing', 'refused', 'refused'],
  ['probing', 'agent-restarted', 'fetching'],
  ['standby', 'begun', 'fetching'],
  ['standby', 'swapped', 'serving'],
  ['standby', 'standby-lost', 'fetching'],
  ['standby', 'bytes-lost', 'fetching'],
  ['standby', 'canary-off', 'reverted'],
  ['standby', 'refused', 'refused'],
  ['standby', 'agent-restarted', 'fetching'],
  ...(['standby', 'serving', 'settled'] as const).flatMap((phase) =>
    (['canary-begun', 'canary-steady', 'canary-died'] as const).map((type) => [phase, type, phase] as const),
  ),
  ['serving', 'canary-off', 'reverted'],
  ['settled', 'canary-off', 'reverted'],
  ['serving', 'swapped', 'serving'],
  ['serving', 'runner-died', 'serving'],
  ['serving', 'probation-kept', 'serving'],
  ['serving', 'probation-passed', 'settled'],
  ['serving', 'bytes-lost', 'fetching'],
  ['serving', 'refused', 'refused'],
  ['serving', 'agent-restarted', 'serving'],
  ['settled', 'swapped', 'settled'],
  ['settled', 'runner-died', 'settled'],
  ['settled', 'bytes-lost', 'fetching'],
  ['settled', 'refused', 'refused'],
  ['settled', 'agent-restarted', 'settled'],
  ['refused', 'begun', 'fetching'],
  ['refused', 'lifted', 'refused'],
  ['refused', 'agent-restarted', 'refused'],
  ['reverted', 'begun', 'fetching'],
  ['reverted', 'lifted', 'reverted'],
  ['reverted', 'agent-restarted', 'reverted'],
];

describe('the table of install phases', () => {
  it.each(expected)('%s, %s → %s', (phase, type, after) => {
    const { next } = transition(installRecord(release, { phase }), events[type], 1000);
    expect(next.phase).toBe(after);
    expect(next.sinceMs).toBe(after === phase ? 0 : 1000);
  });

  const isExpected = (phase: InstallPhase, type: InstallEvent['type']): boolean =>
    expected.some(([from, event]) => from === phase && event === type);
  const missing = installPhases.flatMap((phase) =>
    eventTypes.filter((type) => !isExpected(phase, type)).map((type) => [phase, type] as const),
  );
  it.each(missing)('%s has no edge for %s', (phase, type) => {
    expect(() => transition(installRecord(release, { phase }), events[type], 0)).toThrow(InstallError);
    expect(installEdges[phase][type]).toBeUndefined();
  });

  it('leaves no phase without an answer to a restart of the agent', () => {
    for (const phase of installPhases) expect(installEdges[phase]['agent-restarted']).toBeDefined();
  });
});

describe('an install', () => {
  it('begins by fetching, and says so', () => {
    const { next, effects } = newInstall(release, 7);
    expect(next).toEqual(installRecord(release, { sinceMs: 7 }));
    expect(effects).toEqual([{ kind: 'install-phase', release: 'digits@1.1.0', message: 'fetching' }]);
  });

  it('keeps why it was refused and under which order, and tells the code', () => {
    const { next, effects } = transition(installRecord(release, { phase: 'probing' }), events.refused, 9);
    expect(next.verdict).toEqual({ ...refusal, order, atMs: 9 });
    expect(effects).toEqual([{ kind: 'release-refused', release: 'digits@1.1.0', ...refusal }]);
  });

  it('forgets the verdict once it is being tried again', () => {
    const refused = transition(installRecord(release), events.refused, 0).next;
    expect(transition(refused, events.begun, 0).next.verdict).toBeNull();
  });

  it('cuts an endless message, so that the report stays a report', () => {
    const long = { ...events.refused, refusal: { code: 'golden', message: 'x'.repeat(5000) } } as InstallEvent;
    expect(transition(installRecord(release), long, 0).next.verdict?.message).toHaveLength(1000);
  });

  it(`is reverted at the ${maxProbationDeaths}rd runner death of its probation`, () => {
    let record = installRecord(release, { phase: 'serving' });
    for (let death = 1; death < maxProbationDeaths; death++) {
      record = transition(record, events['runner-died'], 0).next;
      expect(record).toMatchObject({ phase: 'serving', deaths: death });
    }
    const { next, effects } = transition(record, events['runner-died'], 3);
    expect(next).toMatchObject({ phase: 'reverted', verdict: { code: 'runner-deaths', order, atMs: 3 } });
    expect(effects.map(({ kind }) => kind)).toEqual(['runner-died', 'release-reverted']);
  });

  it('counts deaths over the whole probation, whatever restarts lie between', () => {
    const died = transition(installRecord(release, { phase: 'serving' }), events['runner-died'], 0).next;
    const again = transition(died, events.swapped, 0).next;
    expect(transition(again, events['agent-restarted'], 0).next.deaths).toBe(1);
  });

  it('starts each probation with no deaths', () => {
    const standby = installRecord(release, { phase: 'standby', deaths: 2 });
    expect(transition(standby, events.swapped, 0).next.deaths).toBe(0);
  });

  it('survives any number of deaths once it has settled', () => {
    let record = installRecord(release, { phase: 'settled' });
    for (let death = 0; death < 10; death++) record = transition(record, events['runner-died'], 0).next;
    expect(record.phase).toBe('settled');
  });

  it('is refused when the agent went down three times while probing it', () => {
    let record = installRecord(release, { phase: 'probing' });
    for (let crash = 1; crash <= 2; crash++) {
      record = { ...transition(record, events['agent-restarted'], 0).next, phase: 'probing' };
    }
    const { next, effects } = transition(record, events['agent-restarted'], 4);
    expect(next).toMatchObject({ phase: 'refused', crashes: 3, verdict: { code: 'probe-died' } });
    expect(effects).toMatchObject([{ kind: 'release-refused', code: 'probe-died' }]);
  });

  it('is not blamed for restarts of the agent after its probe was called off', () => {
    const calledOff = transition(installRecord(release, { phase: 'probing' }), events.aborted, 0).next;
    expect(transition(calledOff, events['agent-restarted'], 0).next).toMatchObject({ phase: 'fetching', crashes: 0 });
  });

  it('has a clean sheet once it was probed to the end, and when a refusal is tried again', () => {
    const probing = installRecord(release, { phase: 'probing', crashes: 2 });
    expect(transition(probing, events.probed, 0).next.crashes).toBe(0);
    expect(transition({ ...probing, phase: 'refused', crashes: 3 }, events.begun, 0).next.crashes).toBe(0);
    expect(transition({ ...probing, phase: 'fetching' }, events.begun, 0).next.crashes).toBe(2);
  });

  it('remembers which swap brought it in last', () => {
    expect(transition(installRecord(release, { phase: 'settled' }), events.swapped, 0).next.servedOrdinal).toBe(5);
  });
});
