import { deviceTopic, parseDeviceTopic } from '@bellwether/shared/contract/topics';
import type { Upward } from './device-channel.js';

/**
 * Who may use which topic: default deny. Topics and filters are compared whole, so wildcards, `$share/…` and `$SYS/…`
 * have no way in [W-1, T-11].
 */

/** What the device publishes on this topic; undefined when it may not: another device's topic, its own order, or no topic of ours. */
export function publishedBy(device: string, topic: string): Upward | undefined {
  const parsed = parseDeviceTopic(topic);
  return parsed?.device === device && parsed.what !== 'order' ? parsed.what : undefined;
}

/** True for the one filter of a device: exactly its own order topic. */
export function maySubscribe(device: string, filter: string): boolean {
  return filter === deviceTopic(device, 'order');
}

/** A last will may be the device's own presence and nothing else. */
export function isAllowedWill(device: string, topic: string): boolean {
  return topic === deviceTopic(device, 'presence');
}
