import { expect, it } from 'vitest';
import { reachableUrl } from '@bellwether/control-plane/messaging/reachable-url';

it.each([
  ['mqtt://127.0.0.1:1883', 'server.example', 'mqtt://127.0.0.1:1883'],
  ['mqtt://0.0.0.0:1883', 'server.example', 'mqtt://server.example:1883'],
  ['mqtt://[::]:1883', '10.0.0.5', 'mqtt://10.0.0.5:1883'],
  ['mqtt://0.0.0.0:1883', '', 'mqtt://0.0.0.0:1883'],
])('%s is reached through %s as %s', (url, hostname, reachable) => {
  expect(reachableUrl(url, hostname)).toBe(reachable);
});
