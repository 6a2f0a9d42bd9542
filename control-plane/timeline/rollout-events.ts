import type { Moment } from '../rollouts/rollout-moments.js';
import type { TimelineEntry } from './timeline-entry.js';

/** A moment of a rollout, and the number that it is stored under. */
interface StoredMoment extends Moment {
  readonly rollout: string;
  readonly release: string;
  readonly number: number;
  readonly atMs: number;
}

/** Moments of steps; the others are of its phase. */
const stepCodes: ReadonlySet<string> = new Set(['step', 'step-passed', 'canary-off', 'asked-again', 'left-behind']);

/** What happened to a rollout as the timeline tells it: `rollout-decision` of persons, `rollout-step`, `rollout-phase`. */
export function rolloutEvent({ rollout, release, number, atMs, code, text, by }: StoredMoment): TimelineEntry {
  const kind = by !== undefined ? 'rollout-decision' : stepCodes.has(code) ? 'rollout-step' : 'rollout-phase';
  return {
    key: { source: 'rollout', run: rollout, sequence: number },
    kind,
    atMs,
    arrivedAtMs: atMs,
    actor: by ?? 'server',
    release,
    rollout,
    code,
    message: text,
  };
}
