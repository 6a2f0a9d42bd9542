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

/** What the server tells consumers about the fleet, retained, each on a topic of its own [W-2]. */
export const fleetTopics = ['rollouts', 'alerts', 'releases'] as const;
export type FleetTopic = (typeof fleetTopics)[number];

const fleetId = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** `bw/v1/fleet/<what>/<id>`; a release's id is its model. Never a shard: shards are called `s00` to `s63`. */
export function fleetTopic(what: FleetTopic, id: string): string {
  return `bw/v1/fleet/${what}/${id}`;
}

/** Reads a fleet topic; undefined when it is none. */
export function parseFleetTopic(topic: string): { readonly what: FleetTopic; readonly id: string } | undefined {
  const [root, version, fleet, second, id, ...more] = topic.split('/');
  if (root !== 'bw' || version !== 'v1' || fleet !== 'fleet' || more.length > 0) return undefined;
  const what = fleetTopics.find((name) => name === second);
  return what !== undefined && id !== undefined && fleetId.test(id) ? { what, id } : undefined;
}
