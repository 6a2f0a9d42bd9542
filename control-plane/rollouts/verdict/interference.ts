import { slowQuantiles } from '@bellwether/shared/evidence/counters';
import { logAbove } from '@bellwether/shared/evidence/e-value';
import type { DeviceEvidence } from './fleet-evidence.js';

/** Stable may become this many times as often slow beside a canary before the canary is in its way. */
const toleratedSlowing = 1.5;

/**
 * True when the canary slows stable down on this device: stable's calls above its own earlier 90 % quantile are
 * more than tolerated, after what devices of the stratum without a canary have slowed down by themselves (`drift`, 1: not at all). `devices`: how many are looked at, so
 * that `alpha` is the chance that any of them is taken for disturbed.
 */
export function isDisturbed(
  { segments }: DeviceEvidence,
  { drift, alpha, devices }: { readonly drift: number; readonly alpha: number; readonly devices: number },
): boolean {
  let bad = 0;
  let calls = 0;
  for (const segment of segments) {
    const slow = segment.cells.slow90;
    if (slow === undefined || segment.mode === 'shadow') continue;
    bad += slow.stable;
    calls += segment.calls.stable;
  }
  const limit = Math.min(0.9, (1 - slowQuantiles.slow90) * toleratedSlowing * Math.max(1, drift));
  return logAbove(bad, calls, limit) >= -Math.log(alpha / Math.max(1, devices));
}
