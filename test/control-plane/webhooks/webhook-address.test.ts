import { describe, expect, it } from 'vitest';
import { WebhookAddresses } from '@bellwether/control-plane/webhooks/webhook-address';

const outside = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700:4700::1111'];
const inside =
  `127.0.0.1 127.9.9.9 0.0.0.0 10.0.0.5 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1 255.255.255.255 192.0.2.1
  ::1 :: fe80::1 fd00::1 fc00::1 ff02::1 2001:db8::1 2002:7f00:1:: 64:ff9b::7f00:1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe`.split(
    /\s+/,
  );

describe('WebhookAddresses', () => {
  it.each(outside)('sends to the internet: %s', (address) => {
    expect(new WebhookAddresses([]).isAllowed(address)).toBe(true);
  });

  it.each(inside)('sends nowhere else: %s', (address) => {
    expect(new WebhookAddresses([]).isAllowed(address)).toBe(false);
  });

  it('sends to the networks that are named, and to no other', () => {
    const some = new WebhookAddresses(['10.1.0.0/16', 'fd00:1::/32']);
    expect(['10.1.2.3', 'fd00:1::7', '::ffff:10.1.2.3'].map((each) => some.isAllowed(each))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['10.2.0.1', '127.0.0.1', 'fd00:2::1'].map((each) => some.isAllowed(each))).toEqual([false, false, false]);
  });

  it.each(['http://127.1/', 'http://0x7f000001/', 'http://2130706433/', 'http://[::1]:80/', 'http://[::ffff:7f00:1]/'])(
    'knows an address in disguise: %s',
    (url) => {
      const { hostname } = new URL(url);
      expect(new WebhookAddresses([]).isAllowedHost(hostname)).toBe(false);
      expect(new WebhookAddresses([]).isAllowedHost('hooks.example')).toBe(true);
    },
  );
});
