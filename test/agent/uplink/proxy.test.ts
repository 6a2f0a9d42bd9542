import { describe, expect, it } from 'vitest';
import { parseConfig } from '@bellwether/agent/config';
import { proxyFor } from '@bellwether/agent/uplink/proxy';

const http = 'http://proxy.intern:3128';
const https = 'http://user:secret@proxy.intern:3129';
const through = (url: string, noProxy = '') => proxyFor(new URL(url), { http, https, noProxy })?.port;

describe('the proxy of a URL', () => {
  it.each([
    ['http://fleet.example/', '3128'],
    ['https://fleet.example/', '3129'],
    ['mqtt://fleet.example', '3129'],
    ['mqtts://fleet.example', '3129'],
    ['wss://fleet.example/mqtt', '3129'],
  ])('is, for %s, the one on port %s', (url, port) => {
    expect(through(url)).toBe(port);
  });

  it.each(['http://127.0.0.1:8080', 'http://localhost', 'mqtt://[::1]:1883', 'https://127.1.2.3'])(
    'is none for this device itself: %s',
    (url) => {
      expect(through(url)).toBeUndefined();
    },
  );

  it.each<[string, string, boolean]>([
    ['https://fleet.example', 'fleet.example', false],
    ['https://a.fleet.example', 'fleet.example', false],
    ['https://a.fleet.example', '.fleet.example', false],
    ['https://a.fleet.example', '*.fleet.example', false],
    ['https://FLEET.example', 'Fleet.Example', false],
    ['https://xfleet.example', 'fleet.example', true],
    ['https://fleet.example.org', 'fleet.example', true],
    ['https://fleet.example', 'other, fleet.example', false],
    ['https://fleet.example', 'other fleet.example:443', false],
    ['mqtts://fleet.example', 'fleet.example:8883', false],
    ['https://fleet.example', 'fleet.example:8443', true],
    ['https://10.0.0.7', '10.0.0.7', false],
    ['https://fleet.example', '*', false],
    ['https://fleet.example', ',', true],
  ])('for %s with NO_PROXY=%s is asked: %s', (url, noProxy, isAsked) => {
    expect(through(url, noProxy) !== undefined).toBe(isAsked);
  });
});

describe('the proxy settings', () => {
  const base = { name: 'meadow', server: { url: 'http://s' }, root: { sha256: 'a'.repeat(64) } };
  const parse = (proxy: object, environment: Record<string, string>) =>
    parseConfig(JSON.stringify({ ...base, proxy }), environment).proxy;

  it('come from the configuration, and where that says nothing from the environment', () => {
    const environment = { HTTP_PROXY: http, https_proxy: https, NO_PROXY: 'a' };
    expect(parse({}, environment)).toEqual({ http, https, noProxy: 'a' });
    expect(parse({ https: 'http://other:1' }, environment)).toEqual({ http, https: 'http://other:1', noProxy: 'a' });
    expect(parse({}, {})).toEqual({});
  });

  it('leave out what is not for us: an empty variable, and proxies of another kind', () => {
    expect(parse({}, { HTTPS_PROXY: 'socks5://p:1', http_proxy: '', HTTP_PROXY: http })).toEqual({});
  });
});
