import { expect, it } from 'vitest';
import { networkOf } from '@bellwether/control-plane/limits/network-of';

it('takes a /64 of IPv6 for one address, and IPv4 in IPv6 for what it is', () => {
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
  expect(networkOf('2001:DB8:1:2::9')).toBe('2001:db8:1:2');
  expect(networkOf('2001:db8::9')).toBe('2001:db8:0:0');
  expect(networkOf('::1')).toBe('0:0:0:0');
  expect(networkOf('::ffff:192.0.2.7')).toBe('192.0.2.7');
});
