import type { OrderedCanary } from '@bellwether/shared/contract/order';

/** What of an order changes how a canary's calls are drawn; a change of it ends the segment. */
export type CanarySettings = Pick<OrderedCanary, 'rollout' | 'step' | 'mode' | 'share' | 'salt'>;

/** The settings out of an order. */
export function settingsOf({ rollout, step, mode, share, salt }: CanarySettings): CanarySettings {
  return { rollout, step, mode, share, salt };
}

/** True when nothing about the draws has changed. */
export function isSameSettings(a: CanarySettings, b: CanarySettings): boolean {
  return a.rollout === b.rollout && a.step === b.step && a.mode === b.mode && a.share === b.share && a.salt === b.salt;
}
