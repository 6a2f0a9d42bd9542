import type { InstallEvent } from './install-event.js';
import type { InstallRecord } from './install-record.js';

/** After so many deaths under one entry of an order a canary is reverted here. */
const maxCanaryDeaths = 3;

const inPhases: ReadonlySet<InstallRecord['phase']> = new Set(['standby', 'serving', 'settled']);

/**
 * What is remembered of a release as canary, over restarts: deaths under the entry of an order that they happened under. An
 * agent that goes down, unasked, in the canary's first minute with calls may have been taken along by it: that counts too.
 */
export function canaryAfter(record: InstallRecord, event: InstallEvent): InstallRecord['canary'] {
  const { canary } = record;
  switch (event.type) {
    case 'canary-begun':
      return { order: event.order, deaths: deathsUnder(record, event.order), isFresh: true };
    case 'canary-died':
      return { order: event.order, deaths: deathsUnder(record, event.order) + 1, isFresh: false };
    case 'agent-restarted':
      return canary?.isFresh ? { ...canary, deaths: canary.deaths + 1, isFresh: false } : canary;
    // It is stable's now, and has a probation of its own.
    case 'swapped':
      return undefined;
    default:
      return calm(canary);
  }
}

/** Why it is reverted, and under which entry of an order; undefined while it is not. */
export function canaryEnd(
  record: InstallRecord,
  event: InstallEvent,
): { readonly message: string; readonly order: string } | undefined {
  if (!inPhases.has(record.phase)) return undefined;
  const isAgentDown = event.type === 'agent-restarted' && record.canary?.isFresh === true;
  if (event.type !== 'canary-died' && !isAgentDown) return undefined;
  const after = canaryAfter(record, event);
  if (after === undefined || after.deaths < maxCanaryDeaths) return undefined;
  const why = event.type === 'canary-died' ? event.why : 'the agent went down within a minute of its first calls';
  const message = `${after.deaths} runner deaths as canary, the last one: ${why}`.slice(0, 1000);
  return { message, order: after.order };
}

function calm(canary: InstallRecord['canary']): InstallRecord['canary'] {
  return canary?.isFresh ? { ...canary, isFresh: false } : canary;
}

function deathsUnder({ canary }: InstallRecord, order: string): number {
  return canary?.order === order ? canary.deaths : 0;
}
