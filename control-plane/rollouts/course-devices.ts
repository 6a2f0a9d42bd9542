import type { Order } from '@bellwether/shared/contract/order';
import type { Device } from '../fleet/device.js';
import type { ModelOrder } from '../orders/compose.js';
import type { CourseDevice } from './course-device.js';
import type { DeviceHold } from './device-hold.js';
import type { Rollout } from './rollout.js';

/** What the rooms know of a device that a rollout is for. */
export interface CourseDeviceFacts {
  readonly device: Device;
  readonly order: { readonly epoch: number; readonly generation: number; readonly models: Order['models'] } | undefined;
  readonly holds: readonly DeviceHold[];
  /** What it would be ordered without this rollout. */
  readonly without: ModelOrder | undefined;
  /** Its stage admits the release. */
  readonly isAdmitted: boolean;
  readonly nowMs: number;
}

/** A device as a rollout in steps sees it. */
export function courseDevice(
  rollout: Pick<Rollout, 'model' | 'manifest' | 'number'>,
  facts: CourseDeviceFacts,
): CourseDevice {
  const { device, order, nowMs, without } = facts;
  const { id, labels, presence, report, enrolledAtMs, lastSeenMs } = device;
  const isOnline = presence === 'online';
  return {
    device: id,
    labels,
    isOnline,
    silentMs: isOnline ? 0 : Math.max(0, nowMs - (lastSeenMs ?? enrolledAtMs)),
    enrolledAtMs,
    report,
    order,
    base: without?.stable.manifest ?? null,
    apart: apart(rollout, facts),
  };
}

/** Why a device takes no part; null when it does. */
function apart(
  { model, manifest, number }: Pick<Rollout, 'model' | 'manifest' | 'number'>,
  { holds, without, isAdmitted }: CourseDeviceFacts,
): string | null {
  for (const hold of holds) {
    if (hold.kind !== 'pinned') return hold.kind;
    if (hold.model === model) return 'pinned';
  }
  if (!isAdmitted) return 'stage';
  if (without?.stable.manifest === manifest) return 'has-it';
  const isOfNewer = (without?.canaryFrom ?? 0) > number || (without?.stableFrom ?? 0) > number;
  return isOfNewer ? 'other-rollout' : null;
}
