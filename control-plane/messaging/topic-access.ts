import type { Labels } from '@bellwether/shared/contract/http-api';
import {
  deviceTopic,
  deviceTopics,
  fleetTopics,
  parseDeviceTopic,
  parseFleetTopic,
} from '@bellwether/shared/contract/topics';
import { type Grant, isFleetWide, isGranted } from '../consumers/grant.js';
import type { Upward } from './device-channel.js';

/**
 * Who may use which topic: default deny. A device's topics and filters are compared whole, a consumer's are of two forms,
 * so `#`, `$share/…` and `$SYS/…` have no way in [W-1, T-11]. The embedded broker and the hook for others ask the same.
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

/** What a consumer's rights depend on besides its grant. */
export interface ConsumerFacts {
  /** Undefined for a device that is not in the fleet. */
  readonly labelsOf: (device: string) => Labels | undefined;
  /** Whether the broker asks again before it delivers each message: only then may a filter be wider than the grant. */
  readonly checksDeliveries: boolean;
}

const fleetFilters: ReadonlySet<string> = new Set(['+', ...fleetTopics].map((what) => `bw/v1/fleet/${what}/+`));

/**
 * True for one topic that the grant covers, for `bw/v1/+/+/<kind>` or `bw/v1/<shard>/+/<kind>` of a granted kind of devices, and for
 * `bw/v1/fleet/<what>/+` or `bw/v1/fleet/+/+`. A model may be called `window`: who has no right to fleet topics gets none of them
 * by a device's filter either, where the broker asks again.
 */
export function consumerMaySubscribe(grant: Grant, filter: string, facts: ConsumerFacts): boolean {
  if (consumerMayRead(grant, filter, facts)) return true;
  if (fleetFilters.has(filter)) return isFleetWide(grant, 'fleet');
  const kind = /^bw\/v1\/(?:\+|s[0-6][0-9])\/\+\/([a-z]+)$/.exec(filter)?.[1];
  if (kind === undefined || deviceTopics.every((what) => what !== kind)) return false;
  return facts.checksDeliveries ? grant.kinds.some((each) => each === kind) : isFleetWide(grant, kind);
}

/** True for a message that the grant covers: its kind, of a device with its labels, as they are now; or of the fleet. */
export function consumerMayRead(grant: Grant, topic: string, { labelsOf }: Pick<ConsumerFacts, 'labelsOf'>): boolean {
  if (parseFleetTopic(topic) !== undefined) return isFleetWide(grant, 'fleet');
  const parsed = parseDeviceTopic(topic);
  return parsed !== undefined && isGranted(grant, parsed.what, labelsOf(parsed.device));
}
