import { deviceIdPattern, shardOf } from '../ids.js';

/** What a device publishes or reads, each on a topic of its own [W-2]. */
export const deviceTopics = ['order', 'report', 'presence', 'window', 'event'] as const;
export type DeviceTopic = (typeof deviceTopics)[number];

const deviceId = new RegExp(deviceIdPattern);

/** `bw/v1/<shard>/<device>/<what>`. */
export function deviceTopic(device: string, what: DeviceTopic): string {
  return `bw/v1/${shardOf(device)}/${device}/${what}`;
}

/** Reads a device topic; undefined when it is none, or its shard is not the device's. */
export function parseDeviceTopic(topic: string): { readonly device: string; readonly what: DeviceTopic } | undefined {
  const [root, version, shard, device, last, ...more] = topic.split('/');
  if (root !== 'bw' || version !== 'v1' || more.length > 0 || device === undefined) return undefined;
  const what = deviceTopics.find((name) => name === last);
  if (what === undefined || !deviceId.test(device) || shard !== shardOf(device)) return undefined;
  return { device, what };
}
