import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentWorld, digitRequest } from '../support/agent-world.js';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.js';

let world: AgentWorld;
let proxy: ConnectProxy;

beforeAll(async () => {
  world = await AgentWorld.start();
  proxy = await startConnectProxy();
});

afterAll(async () => {
  await world.stop();
  await proxy.stop();
});

describe('a device behind a proxy', () => {
  it('enrols, gets its order and its release through it, and through nothing else', async () => {
    // A name that only the proxy can resolve.
    const behind = (url: string) => url.replace('127.0.0.1', 'fleet.test');
    const { httpUrl, mqttUrl } = world.server;
    await world.startAgent({
      server: { url: behind(httpUrl) },
      mqtt: { url: behind(mqttUrl) },
      proxy: { http: proxy.url, https: proxy.url },
    });
    await world.serve('digits@1.0.0');
    expect((await world.agent.infer('digits', digitRequest(0))).status).toBe(200);
    const { uplink } = await world.agent.untilStatus(({ connected }) => connected);
    expect(uplink).toEqual({ connected: true, url: behind(mqttUrl), encrypted: false });
    expect(new Set(proxy.connects)).toEqual(new Set([httpUrl, mqttUrl].map((url) => new URL(behind(url)).host)));
  });
});
