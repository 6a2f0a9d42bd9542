import type { ServerStatus } from '../http/status-api.js';
import { isStaged, type Rollout, releaseIn, rolloutId } from './rollout.js';

/** Rollouts in steps that go no further without a person, and why. One that waits for its time is none of them. */
export function waitingForPerson(rollouts: readonly Rollout[]): ServerStatus['waitingRollouts'] {
  return rollouts.filter(needsPerson).map((rollout) => {
    return { id: rolloutId(rollout), release: releaseIn(rollout), why: rollout.reason?.text ?? rollout.phase };
  });
}

function needsPerson(rollout: Rollout): boolean {
  if (!isStaged(rollout)) return false;
  const { phase, reason } = rollout;
  return phase === 'held' || phase === 'paused' || (phase === 'waiting' && reason?.code === 'approval');
}
