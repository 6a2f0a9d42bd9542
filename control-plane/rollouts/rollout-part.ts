import type { OrderedCanary } from '@bellwether/shared/contract/order';
import type { RolloutStep } from './policy.js';
import { isStaged, type Rollout, rolloutId, type StagedRollout } from './rollout.js';

/** What a rollout gives a device: nothing, its release as the stable one, or as a canary beside it. */
export type Part =
  | { readonly kind: 'none' }
  | { readonly kind: 'release'; readonly attempt: number }
  | { readonly kind: 'canary'; readonly canary: OrderedCanary };

const none: Part = { kind: 'none' };

/** How long a canary lives without word from the server, where the policy does not say [T-5]. */
const standardLeaseSeconds = 3600;

/** `stratum`: of a device that is no member, by its labels. */
export interface PartDevice {
  readonly device: string;
  readonly stratum: string;
}

/** A direct rollout gives its release until it is taken back. One in steps gives canaries to its members, and the release once it is done: not to strata and members on which it did not pass. */
export function partOf(rollout: Rollout, { device, stratum }: PartDevice): Part {
  const { phase } = rollout;
  if (!isStaged(rollout)) {
    const attempt = rollout.members.get(device)?.attempt ?? 0;
    return phase === 'rolling' || phase === 'done' || phase === 'held' ? { kind: 'release', attempt } : none;
  }
  const member = rollout.members.get(device);
  const isLeft = rollout.course.leftStrata.includes(member?.stratum ?? stratum);
  switch (phase) {
    case 'done':
      // Where it did harm it does not come by another door.
      return isLeft || (member?.off ?? null) !== null ? none : { kind: 'release', attempt: member?.attempt ?? 0 };
    case 'aborted':
      return rollout.course.isKept && member?.isOrdered === true && member.off === null && !isLeft
        ? { kind: 'release', attempt: member.attempt }
        : none;
    case 'rolling':
    case 'waiting':
    case 'paused':
    case 'held':
      if (member === undefined || !member.isOrdered || member.off !== null || isLeft) return none;
      return canaryPart(rollout, member.attempt);
    default:
      return none;
  }
}

/** The step that devices are to be in: while the next one waits to begin, still the one before. Undefined before the first. */
export function runningStep({
  course,
}: StagedRollout): { readonly index: number; readonly step: RolloutStep } | undefined {
  const index = course.stepStartedAtMs === null ? course.step - 1 : course.step;
  const step = course.policy.steps[index];
  return step === undefined ? undefined : { index, step };
}

function canaryPart(rollout: StagedRollout, attempt: number): Part {
  const running = runningStep(rollout);
  if (running === undefined) return none;
  const { version, manifest, course } = rollout;
  const { mode, share } = running.step;
  return {
    kind: 'canary',
    canary: {
      version,
      manifest,
      ...(attempt > 0 && { attempt }),
      rollout: rolloutId(rollout),
      step: running.index,
      mode,
      share: mode === 'full' ? 10_000 : Math.round(share * 100),
      salt: course.salt,
      leaseSeconds: course.policy.leaseSeconds ?? standardLeaseSeconds,
    },
  };
}
