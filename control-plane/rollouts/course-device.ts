import type { Labels } from '@bellwether/shared/contract/http-api';
import type { Report } from '@bellwether/shared/contract/report';
import type { RolloutDevice } from '../http/rollout-api.js';
import type { Member } from './course.js';
import { rolloutId, type StagedRollout } from './rollout.js';
import { runningStep } from './rollout-part.js';

/** A device that a rollout in steps is for, as the server sees it now. */
export interface CourseDevice {
  readonly device: string;
  readonly labels: Labels;
  readonly isOnline: boolean;
  /** Milliseconds since it was last heard of; 0 while it is online. */
  readonly silentMs: number;
  readonly enrolledAtMs: number;
  readonly report: Report | null;
  /** Its newest order. */
  readonly order: { readonly epoch: number; readonly generation: number } | undefined;
  /** Manifest of the release that it falls back to; null: it has none, and nothing to compare a canary with. */
  readonly base: string | null;
  /** Why it takes no part: `pinned`, `excluded`, `quarantined`, `stage`, `other-rollout`; null: it does. */
  readonly apart: string | null;
}

/**
 * How a member stands, by its own report. `ahead`: its turn has not come. `open`: on its way to the current step.
 * `no-room`: it cannot hold two releases at once, and takes part in `full` steps only.
 */
export type Standing = 'ahead' | 'open' | 'ready' | 'failed' | 'no-room' | 'silent' | 'off';

export interface MemberStanding {
  readonly standing: Standing;
  readonly code: string | null;
  readonly message: string | null;
  /** It may be installing now. */
  readonly isInFlight: boolean;
}

/** After so long a device is silent, where the policy does not say. */
const standardSilentSeconds = 3600;

/** How a member of a rollout stands. */
export function standingOf(rollout: StagedRollout, member: Member, device: CourseDevice): MemberStanding {
  const told = (standing: Standing, why: { code?: string; message?: string | undefined } = {}, isInFlight = false) => {
    return { standing, code: why.code ?? null, message: why.message ?? null, isInFlight };
  };
  if (member.off !== null) return told('off', { code: member.off });
  const silentAfterMs = (rollout.course.policy.silent?.afterSeconds ?? standardSilentSeconds) * 1000;
  const isSilent = !device.isOnline && device.silentMs >= silentAfterMs;
  if (!member.isOrdered) return told(isSilent ? 'silent' : 'ahead');
  const { report, order } = device;
  const model = report?.models.find((each) => each.model === rollout.model);
  const ours = model?.canary?.rollout === rolloutId(rollout) && model.canary.manifest === rollout.manifest;
  const canary = ours ? model.canary : undefined;
  const hasSeen =
    report?.observed?.epoch === order?.epoch && (report?.observed?.generation ?? 0) >= (order?.generation ?? 1);
  if (!hasSeen) {
    const refusal = report?.orderRefusal;
    if (refusal && (refusal.generation ?? order?.generation) === order?.generation) return told('failed', refusal);
    // A new share installs nothing: what was up is up, unless it was taken away in between.
    const isOfBefore = (report?.observed?.generation ?? 0) <= (member.orderedAfter ?? -1);
    return told(isSilent ? 'silent' : 'open', {}, canary?.state !== 'ready' || isOfBefore);
  }
  const refusal = model?.refusal?.manifest === rollout.manifest ? model.refusal : undefined;
  switch (canary?.state) {
    case 'refused':
      return refusal?.kind === 'passing'
        ? told(isSilent ? 'silent' : 'open', refusal, true)
        : told('failed', refusal ?? { code: canary.code ?? 'refused', message: canary.message });
    case 'reverted':
    case 'tripped':
      return told('failed', { code: canary.state, message: canary.message });
    case 'no-room': {
      const isFull = runningStep(rollout)?.step.mode === 'full';
      return told(isFull ? 'failed' : 'no-room', { code: 'no-room', message: canary.message });
    }
    case 'lease-over':
      return told(isSilent ? 'silent' : 'open', { code: 'lease-over', message: canary.message });
    case 'ready':
      if (isSilent) return told('silent');
      return told(canary.step === runningStep(rollout)?.index ? 'ready' : 'open');
    default:
      return told(isSilent ? 'silent' : 'open', {}, true);
  }
}

/** What operators see of it. */
const states: Readonly<Record<Standing, RolloutDevice['state']>> = {
  ahead: 'stable',
  open: 'installing',
  ready: 'canary',
  failed: 'refused',
  'no-room': 'stable',
  silent: 'silent',
  off: 'off',
};

/** A member as operators see it. */
export function memberView(device: string, { standing, code, message }: MemberStanding): RolloutDevice {
  return { device, state: states[standing], code, message };
}
