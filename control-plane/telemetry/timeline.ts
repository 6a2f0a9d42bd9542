import type { DeviceEvent } from '@bellwether/shared/contract/event';
import type { TimelineEvent } from '../http/operator-api.js';

/** A device's event as the timeline shows it. */
export function timelineEvent({ device, atMs, kind, release, code, message }: DeviceEvent): TimelineEvent {
  return { device, atMs, kind, release: release ?? null, code: code ?? null, message };
}
