import type { EventKind } from '@bellwether/shared/contract/event';
import type { InstallPhase } from '@bellwether/shared/contract/report';
import { CodedError } from '@bellwether/shared/errors';
import { formatReleaseId } from '@bellwether/shared/ids';
import { canaryAfter, canaryEnd } from './canary-life.js';
import type { InstallEvent } from './install-event.js';
import type { InstallRecord, ReleaseRef } from './install-record.js';

/** After this many agent crashes while probing, the release is what brings the device down. */
const maxProbeCrashes = 3;
/** After this many runner deaths in probation the release is reverted. */
export const maxProbationDeaths = 3;

/** Stands in a verdict whose release was not ordered any more since. */
export const liftedOrder = '0'.repeat(64);

/** Something to tell the control plane; telling it twice does no harm. */
export interface Announcement {
  readonly kind: EventKind;
  readonly release?: string;
  readonly message: string;
  readonly code?: string;
}

/** What became of it. */
export interface InstallTransition {
  readonly next: InstallRecord;
  readonly effects: readonly Announcement[];
}

/** An event that the phase has no edge for: a fault of the agent, not of the release. */
export class InstallError extends CodedError<'no-edge'> {}

/**
 * Every edge, failures included. What is missing cannot happen. `aborted`: a newer order, or a stop of the agent, ended
 * the work; that is no crash. Those that depend on a count are in `phaseAfter`:
 * the third death in probation or as canary reverts, the third crash while probing refuses. `agent-restarted` is the written answer
 * after a crash: whatever was on its way begins again from bytes that are hashed again, and what served before serves.
 */
export const installEdges: Readonly<
  Record<InstallPhase, Readonly<Partial<Record<InstallEvent['type'], InstallPhase>>>>
> = {
  fetching: {
    begun: 'fetching',
    fetched: 'verifying',
    aborted: 'fetching',
    refused: 'refused',
    'agent-restarted': 'fetching',
  },
  verifying: {
    begun: 'fetching',
    verified: 'probing',
    aborted: 'fetching',
    refused: 'refused',
    'agent-restarted': 'fetching',
  },
  probing: {
    begun: 'fetching',
    probed: 'standby',
    aborted: 'fetching',
    refused: 'refused',
    'agent-restarted': 'fetching',
  },
  // A canary stays here while it has calls: it has not served as stable.
  standby: {
    begun: 'fetching',
    swapped: 'serving',
    'standby-lost': 'fetching',
    'bytes-lost': 'fetching',
    'canary-begun': 'standby',
    'canary-steady': 'standby',
    'canary-died': 'standby',
    'canary-off': 'reverted',
    refused: 'refused',
    'agent-restarted': 'fetching',
  },
  serving: {
    swapped: 'serving',
    'runner-died': 'serving',
    'probation-kept': 'serving',
    'probation-passed': 'settled',
    'bytes-lost': 'fetching',
    'canary-begun': 'serving',
    'canary-steady': 'serving',
    'canary-died': 'serving',
    'canary-off': 'reverted',
    refused: 'refused',
    'agent-restarted': 'serving',
  },
  settled: {
    swapped: 'settled',
    'runner-died': 'settled',
    'bytes-lost': 'fetching',
    'canary-begun': 'settled',
    'canary-steady': 'settled',
    'canary-died': 'settled',
    'canary-off': 'reverted',
    refused: 'refused',
    'agent-restarted': 'settled',
  },
  refused: { begun: 'fetching', lifted: 'refused', 'agent-restarted': 'refused' },
  reverted: { begun: 'fetching', lifted: 'reverted', 'agent-restarted': 'reverted' },
};

/** A release that this device has never seen. */
export function newInstall(release: ReleaseRef, nowMs: number): InstallTransition {
  const next: InstallRecord = {
    model: release.model,
    version: release.version,
    manifest: release.manifest,
    phase: 'fetching',
    sinceMs: nowMs,
    crashes: 0,
    deaths: 0,
    servedOrdinal: 0,
    verdict: null,
  };
  return { next, effects: [announce(next, 'install-phase', 'fetching')] };
}

/** What an event makes of an install. `nowMs` is wall time. Throws InstallError when the phase has no such edge. */
export function transition(record: InstallRecord, event: InstallEvent, nowMs: number): InstallTransition {
  const phase = phaseAfter(record, event);
  if (phase === undefined) {
    throw new InstallError(
      'no-edge',
      `${formatReleaseId(record)} is ${record.phase}; ${event.type} cannot happen to it`,
    );
  }
  const { probation: _p, canary: _c, ...rest } = record;
  const progress = progressAfter(record, event, phase);
  const canary = canaryAfter(record, event);
  const next: InstallRecord = {
    ...rest,
    ...(progress === undefined ? {} : { probation: progress }),
    ...(canary === undefined ? {} : { canary }),
    phase,
    sinceMs: phase === record.phase ? record.sinceMs : nowMs,
    crashes: crashesAfter(record, event),
    deaths: deathsAfter(record, event),
    servedOrdinal: event.type === 'swapped' ? event.ordinal : record.servedOrdinal,
    verdict: verdictAfter(record, event, phase, nowMs),
  };
  return { next, effects: announcements(record, event, next) };
}

function phaseAfter(record: InstallRecord, event: InstallEvent): InstallPhase | undefined {
  if (canaryEnd(record, event) !== undefined) return 'reverted';
  if (record.phase === 'probing' && event.type === 'agent-restarted' && record.crashes + 1 >= maxProbeCrashes) {
    return 'refused';
  }
  if (record.phase === 'serving' && event.type === 'runner-died' && record.deaths + 1 >= maxProbationDeaths) {
    return 'reverted';
  }
  return installEdges[record.phase][event.type];
}

/** What was probed to the end, or is tried again after a refusal, has a clean sheet. */
function crashesAfter(record: InstallRecord, event: InstallEvent): number {
  if (event.type === 'agent-restarted' && record.phase === 'probing') return record.crashes + 1;
  const isOver = event.type === 'probed' || (event.type === 'begun' && record.phase === 'refused');
  return isOver ? 0 : record.crashes;
}

function deathsAfter(record: InstallRecord, event: InstallEvent): number {
  if (event.type === 'runner-died' && record.phase === 'serving') return record.deaths + 1;
  // A new probation begins with its first swap, not with the swap of a restarted runner.
  return event.type === 'swapped' && record.phase === 'standby' ? 0 : record.deaths;
}

/** Kept through a runner's death and a restart of the agent, so that neither begins the probation anew. */
function progressAfter(record: InstallRecord, event: InstallEvent, phase: InstallPhase): InstallRecord['probation'] {
  if (phase !== 'serving' || record.phase !== 'serving') return undefined;
  if (event.type === 'probation-kept') return event.progress;
  return event.type === 'runner-died' ? (event.progress ?? record.probation) : record.probation;
}

function verdictAfter(
  record: InstallRecord,
  event: InstallEvent,
  phase: InstallPhase,
  atMs: number,
): InstallRecord['verdict'] {
  if (event.type === 'begun') return null;
  if (event.type === 'lifted') return record.verdict === null ? null : { ...record.verdict, order: liftedOrder };
  if (event.type === 'refused') {
    return { code: event.refusal.code, message: event.refusal.message.slice(0, 1000), order: event.order, atMs };
  }
  if (event.type === 'canary-off') {
    return { code: 'canary-tripped', message: event.message.slice(0, 1000), order: event.order, atMs };
  }
  const end = canaryEnd(record, event);
  if (end !== undefined) return { code: 'runner-deaths', ...end, atMs };
  if (phase === record.phase) return record.verdict;
  if (event.type === 'runner-died') {
    const message = `${record.deaths + 1} runner deaths in probation, the last one: ${event.why}`.slice(0, 1000);
    return { code: 'runner-deaths', message, order: event.order, atMs };
  }
  if (event.type === 'agent-restarted' && phase === 'refused') {
    return {
      code: 'probe-died',
      message: `the agent went down ${maxProbeCrashes} times while probing it`,
      order: event.order,
      atMs,
    };
  }
  return record.verdict;
}

function announcements(record: InstallRecord, event: InstallEvent, next: InstallRecord): readonly Announcement[] {
  const told: Announcement[] = [];
  if (event.type === 'runner-died') told.push(announce(next, 'runner-died', event.why));
  if (event.type === 'swapped') told.push(announce(next, 'release-serving', next.phase));
  if (next.verdict !== null && next.verdict !== record.verdict && event.type !== 'lifted') {
    const reverted = next.verdict.code === 'canary-tripped' ? 'canary-tripped' : 'release-reverted';
    const kind = next.phase === 'reverted' ? reverted : 'release-refused';
    told.push({ ...announce(next, kind, next.verdict.message), code: next.verdict.code });
  }
  if (next.phase === record.phase) return told;
  if (next.phase === 'settled') told.push(announce(next, 'release-settled', 'probation passed'));
  if (workingPhases.has(next.phase)) told.push(announce(next, 'install-phase', next.phase));
  return told;
}

const workingPhases: ReadonlySet<InstallPhase> = new Set(['fetching', 'verifying', 'probing', 'standby']);

function announce(record: InstallRecord, kind: EventKind, message: string): Announcement {
  return { kind, release: formatReleaseId(record), message };
}
