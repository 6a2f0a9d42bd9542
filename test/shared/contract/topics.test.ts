import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deviceTopic,
  deviceTopics,
  fleetTopic,
  fleetTopics,
  parseDeviceTopic,
  parseFleetTopic,
} from '@bellwether/shared/contract/topics';

const device = 'pi-7-0123456789abcdef'; // shard s37: test/vectors/ids.json

describe('device topics', () => {
  it('hang below the shard of the device', () => {
    expect(deviceTopic(device, 'window')).toBe(`bw/v1/s37/${device}/window`);
  });

  it('are read back as they were written', () => {
    const id = fc.tuple(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,40}$/), fc.stringMatching(/^[0-9a-f]{16}$/));
    fc.assert(
      fc.property(id, fc.constantFrom(...deviceTopics), ([name, fingerprint], what) => {
        const one = `${name}-${fingerprint}`;
        expect(parseDeviceTopic(deviceTopic(one, what))).toEqual({ device: one, what });
      }),
    );
  });

  it.each([
    '',
    `bw/v1/s37/${device}`,
    `bw/v1/s37/${device}/`,
    `bw/v1/s37/${device}/secrets`,
    `bw/v1/s37/${device}/window/more`,
    `/bw/v1/s37/${device}/window`,
    `bw/v2/s37/${device}/window`,
    `bw/v1/s38/${device}/window`,
    `bw/v1/+/${device}/window`,
    'bw/v1/s37/+/window',
    'bw/v1/#',
    `$share/g/bw/v1/s37/${device}/window`,
    `bw/v1/s37/${device.toUpperCase()}/window`,
    'bw/v1/s37/pi-7/window',
  ])('refuses %j', (topic) => {
    expect(parseDeviceTopic(topic)).toBeUndefined();
  });
});

describe('fleet topics', () => {
  it.each(fleetTopics)('of %s are read back as they were written, and are no device’s', (what) => {
    const topic = fleetTopic(what, 'digits-2');
    expect(topic).toBe(`bw/v1/fleet/${what}/digits-2`);
    expect(parseFleetTopic(topic)).toEqual({ what, id: 'digits-2' });
    expect(parseDeviceTopic(topic)).toBeUndefined();
  });

  it.each([
    '',
    'bw/v1/fleet/alerts',
    'bw/v1/fleet/alerts/',
    'bw/v1/fleet/secrets/a1',
    'bw/v1/fleet/alerts/a1/more',
    'bw/v2/fleet/alerts/a1',
    'bw/v1/s37/alerts/a1',
    'bw/v1/fleet/alerts/+',
    'bw/v1/fleet/alerts/#',
    'bw/v1/fleet/alerts/A1',
  ])('refuses %j', (topic) => {
    expect(parseFleetTopic(topic)).toBeUndefined();
  });
});
