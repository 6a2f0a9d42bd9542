import { describe, expect, it } from 'vitest';
import { isAllowedWill, maySubscribe, publishedBy } from '@bellwether/control-plane/messaging/topic-access';
import { deviceTopic } from '@bellwether/shared/contract/topics';

const me = 'pi-0123456789abcdef';
const other = 'pi-fedcba9876543210';

describe('publishing', () => {
  it.each(['report', 'presence', 'window', 'event'] as const)('is allowed on the own %s', (what) => {
    expect(publishedBy(me, deviceTopic(me, what))).toBe(what);
  });

  it.each([
    deviceTopic(me, 'order'),
    deviceTopic(other, 'window'),
    deviceTopic(me, 'window').replace(/s\d\d/, 's99'),
    `${deviceTopic(me, 'window')}/more`,
    `/${deviceTopic(me, 'window')}`,
    deviceTopic(me, 'window').toUpperCase(),
    '$SYS/broker/new/clients',
    '$share/group/bw/v1/x',
    '',
  ])('is denied on %s', (topic) => {
    expect(publishedBy(me, topic)).toBeUndefined();
  });
});

describe('subscribing', () => {
  it('is allowed to the own order', () => {
    expect(maySubscribe(me, deviceTopic(me, 'order'))).toBe(true);
  });

  it.each([
    deviceTopic(other, 'order'),
    deviceTopic(me, 'report'),
    '#',
    'bw/#',
    deviceTopic(me, 'order').replace(me, '+'),
    `$share/g/${deviceTopic(me, 'order')}`,
    '$SYS/#',
  ])('is denied to %s', (filter) => {
    expect(maySubscribe(me, filter)).toBe(false);
  });
});

describe('a last will', () => {
  it('may be the own presence only', () => {
    expect(isAllowedWill(me, deviceTopic(me, 'presence'))).toBe(true);
    expect(isAllowedWill(me, deviceTopic(me, 'report'))).toBe(false);
    expect(isAllowedWill(me, deviceTopic(other, 'presence'))).toBe(false);
  });
});
