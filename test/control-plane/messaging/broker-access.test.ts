import { assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Grant } from '@bellwether/control-plane/consumers/grant';
import { isAllowed, ownsClientId, type Principal } from '@bellwether/control-plane/messaging/broker-access';
import { deviceTopic } from '@bellwether/shared/contract/topics';

const inA = 'pi-0123456789abcdef';
const inB = 'pi-fedcba9876543210';
const labels = new Map([
  [inA, { site: 'a', hardware: 'rpi4' }],
  [inB, { site: 'b' }],
]);
const facts = { labelsOf: (device: string) => labels.get(device), checksDeliveries: true };
const blind = { ...facts, checksDeliveries: false };

const consumer = (grant: Grant): Principal => ({ kind: 'consumer', userName: 'consumer_lake', grant });
const ofA = consumer({ kinds: ['window', 'event'], labels: { site: 'a' } });
const ofAll = consumer({ kinds: ['window'], labels: {} });
const subscribes = (who: Principal, topic: string, to = facts) => isAllowed(who, { action: 'subscribe', topic }, to);

describe('a consumer', () => {
  it('subscribes to a granted kind: of one device, of a shard, of the fleet', () => {
    for (const filter of [deviceTopic(inA, 'window'), 'bw/v1/+/+/window', 'bw/v1/s07/+/event']) {
      expect(subscribes(ofA, filter)).toBe(true);
    }
  });

  it.each([
    ['a device without its labels', deviceTopic(inB, 'window')],
    ['a device that nobody knows', deviceTopic('pi-0000000000000000', 'window')],
    ['another kind', deviceTopic(inA, 'report')],
    ['another kind of the fleet', 'bw/v1/+/+/report'],
    ['orders', 'bw/v1/+/+/order'],
    ['one device’s order', deviceTopic(inA, 'order')],
    ['everything', '#'],
    ['everything of ours', 'bw/#'],
    ['every kind', 'bw/v1/+/+/+'],
    ['a device in any shard', `bw/v1/+/${inA}/window`],
    ['the broker’s own', '$SYS/#'],
    ['a share of the fleet', '$share/g/bw/v1/+/+/window'],
    ['an empty filter', ''],
    ['a filter with a NUL', 'bw/v1/+/+/window\0'],
    ['a filter with a line end', 'bw/v1/+/+/window\n'],
  ])('does not subscribe to %s', (_what, filter) => {
    expect(subscribes(ofA, filter)).toBe(false);
  });

  it('subscribes more widely than its grant only where each delivery is checked', () => {
    expect(subscribes(ofA, 'bw/v1/+/+/window', blind)).toBe(false);
    expect(subscribes(ofA, deviceTopic(inA, 'window'), blind)).toBe(true);
    expect(subscribes(ofAll, 'bw/v1/+/+/window', blind)).toBe(true);
    expect(subscribes(ofAll, 'bw/v1/+/+/event', blind)).toBe(false);
  });

  it('gets what its grant covers, and nothing else', () => {
    const gets = (who: Principal, topic: string) => isAllowed(who, { action: 'receive', topic }, facts);
    expect(gets(ofA, deviceTopic(inA, 'window'))).toBe(true);
    expect(gets(ofA, deviceTopic(inB, 'window'))).toBe(false);
    expect(gets(ofAll, deviceTopic(inB, 'window'))).toBe(true);
    expect(gets(ofAll, deviceTopic(inB, 'event'))).toBe(false);
    expect(gets(ofA, '$SYS/broker/clients')).toBe(false);
  });

  it('reads fleet topics with a grant of the whole fleet, by their filters and one by one', () => {
    const news = consumer({ kinds: ['fleet'], labels: {} });
    const filters = ['bw/v1/fleet/rollouts/r1', 'bw/v1/fleet/rollouts/+', 'bw/v1/fleet/releases/+', 'bw/v1/fleet/+/+'];
    for (const to of [facts, blind])
      expect(filters.map((filter) => subscribes(news, filter, to))).toEqual(filters.map(() => true));
    const others = ['bw/v1/fleet/#', 'bw/v1/fleet/+', 'bw/v1/+/rollouts/+', 'bw/v1/fleet/orders/+', 'bw/v1/+/+/fleet'];
    expect(others.map((filter) => subscribes(news, filter))).toEqual(others.map(() => false));
    const withLabels = consumer({ kinds: ['fleet'], labels: { site: 'a' } });
    for (const who of [ofA, ofAll, withLabels])
      expect(filters.map((filter) => subscribes(who, filter))).toEqual(filters.map(() => false));
  });

  it('gets no fleet topic by a device’s filter: a model may be called window', () => {
    const receives = (who: Principal) =>
      isAllowed(who, { action: 'receive', topic: 'bw/v1/fleet/releases/window' }, facts);
    expect(receives(ofAll)).toBe(false);
    expect(receives(consumer({ kinds: ['fleet'], labels: {} }))).toBe(true);
  });

  it('publishes nothing, whatever the topic', () => {
    const topics = oneof(string(), constantFrom(deviceTopic(inA, 'window'), deviceTopic(inA, 'order')));
    assert(property(topics, (topic) => !isAllowed(ofAll, { action: 'publish', topic }, facts)));
  });

  it('uses its own name as client id, alone or before an underscore', () => {
    expect(['consumer_lake', 'consumer_lake_1'].map((id) => ownsClientId(ofA, id))).toEqual([true, true]);
    for (const id of ['consumer_lake2', 'consumer_other', inA, '', 'consumer_lake_', 'consumer_lake_a_b', 'lake']) {
      expect(ownsClientId(ofA, id)).toBe(false);
    }
  });
});

describe('a device', () => {
  const device: Principal = { kind: 'device', device: inA };

  it('has one filter, and gets its order only', () => {
    for (const action of ['subscribe', 'receive'] as const) {
      expect(isAllowed(device, { action, topic: deviceTopic(inA, 'order') }, facts)).toBe(true);
      expect(isAllowed(device, { action, topic: deviceTopic(inB, 'order') }, facts)).toBe(false);
      expect(isAllowed(device, { action, topic: 'bw/v1/+/+/window' }, facts)).toBe(false);
    }
    expect([inA, 'consumer_lake', ''].map((id) => ownsClientId(device, id))).toEqual([true, false, false]);
  });
});
