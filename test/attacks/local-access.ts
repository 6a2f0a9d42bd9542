import { attackRequest } from '../support/attack-release.js';
import type { AttackWorld } from '../support/attack-world.js';
import { type HostileDevice, onPatchedDevice } from '../support/hostile-device.js';
import { localCode, localRequest } from '../support/local-http.js';

const inferPath = '/v2/models/digits/infer';

/** A request that runs a model, on the loopback port: with the right host and token, but for these headers. */
async function askLoopback(world: AttackWorld, headers: Readonly<Record<string, string>>): Promise<string> {
  const { port, token } = await world.loopback();
  const right = { host: `127.0.0.1:${port}`, authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify(attackRequest);
  return localCode(
    await localRequest({ port }, inferPath, { method: 'POST', headers: { ...right, ...headers }, body }),
  );
}

/** A request for the unix socket whose parameters, which the protocol leaves open, are somebody's own. */
async function askWith({ socketPath }: AttackWorld, parameters: string): Promise<string> {
  const body = JSON.stringify(attackRequest).replace('{', `{"parameters":{"own":${parameters}},`);
  return localCode(await localRequest({ socketPath }, inferPath, { method: 'POST', body }));
}

const specs: readonly Omit<HostileDevice, 'attacker'>[] = [
  {
    id: 'local-dns-rebinding',
    row: 'points a name of its own at 127.0.0.1, so that its page in a browser on the device asks the local API, with a token that it got hold of',
    code: 'host',
    control: 'the Host header names this loopback port (agent/inference/local-api-guard.ts)',
    patches: [
      { module: 'agent/inference/local-api-guard', guard: 'if (!hosts.includes(host))', permissive: 'if (false)' },
    ],
    world: { loopback: true },
    attack: async (world) => {
      const { port } = await world.loopback();
      return askLoopback(world, { host: `rebound.example:${port}` });
    },
  },
  {
    id: 'local-web-page',
    row: 'sends a request from a web page in a browser on the device, with a token that it got hold of',
    code: 'origin',
    control: 'no Origin header (agent/inference/local-api-guard.ts)',
    patches: [
      { module: 'agent/inference/local-api-guard', guard: 'if (origin !== undefined)', permissive: 'if (false)' },
    ],
    world: { loopback: true },
    attack: (world) => askLoopback(world, { origin: 'https://evil.example' }),
  },
  {
    id: 'local-wrong-token',
    row: 'asks the loopback port as another user of the device, who cannot read the token’s file',
    code: 'unauthorized',
    control: 'the token (agent/inference/local-api-guard.ts)',
    patches: [
      {
        module: 'agent/inference/local-api-guard',
        guard: 'if (!secretsEqual(authorization, ',
        permissive: 'if (false && (',
      },
    ],
    world: { loopback: true },
    attack: (world) => askLoopback(world, { authorization: `Bearer ${'A'.repeat(43)}` }),
  },
  {
    id: 'local-deep-json',
    row: 'sends JSON that is nested 10,000 levels deep, to keep the main loop busy',
    code: 'malformed',
    control: '24 levels of JSON (agent/inference/open-inference-json.ts)',
    patches: [
      { module: 'agent/inference/open-inference-json', guard: 'if (depth > maxDepth)', permissive: 'if (false)' },
    ],
    attack: (world) => askWith(world, '['.repeat(10_000) + ']'.repeat(10_000)),
  },
  {
    id: 'local-oversize-json',
    row: 'sends 8 MB of JSON, which is parsed on the main loop',
    code: 'too-large',
    control: '512 KiB of JSON (agent/inference/open-inference-json.ts)',
    patches: [{ module: 'agent/inference/open-inference-json', guard: '512 * 1024', permissive: '64 * 1024 ** 2' }],
    attack: (world) => askWith(world, JSON.stringify('x'.repeat(8 * 1024 ** 2))),
  },
];

/** Attacks on the local API by whoever is on the device, or gets a browser there to ask. */
export const attacks = specs.map((spec) => onPatchedDevice({ ...spec, attacker: 'a local user' }));
