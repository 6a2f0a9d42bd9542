import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseConfig } from '@bellwether/agent/config';
import { SharedRepository } from '@bellwether/agent/simulation/shared-repository';
import { firstTrust, simulatedTrust } from '@bellwether/agent/simulation/simulated-trust';
import type { DeviceTrust } from '@bellwether/agent/trust/device-trust';
import { TufRepository } from '@bellwether/agent/trust/repository-tuf';
import { updateInThread } from '@bellwether/agent/trust/repository-tuf-thread';
import { trustRules } from '@bellwether/agent/trust/trust-rules';
import { silentLog } from '@bellwether/shared/log';
import { sampleRelease } from '../../support/sample-release.js';
import { deviceNamed, modelsOf, signedOrder } from '../../support/signed-order.js';
import { TrustWorld } from '../../support/trust-world.js';

let world: TrustWorld;
let repository: SharedRepository;
let herd: readonly DeviceTrust[];

beforeEach(async () => {
  world = await TrustWorld.start();
  const plane = { baseUrl: world.server.url, timeoutMs: 5000 };
  repository = new SharedRepository({
    repository: new TufRepository(plane, 10_000, { update: updateInThread, leaf: trustRules.leaf }),
    plane,
    rules: trustRules,
    allowDevelopment: false,
    signal: world.signal,
  });
  const root = { sha256: world.repository.rootSha256 };
  const config = parseConfig(JSON.stringify({ name: 'herd', server: { url: world.server.url }, root }), {});
  const first = firstTrust(world.repository.roots.get(1) ?? new Uint8Array(), config);
  const parts = { repository, clock: world.clock, log: silentLog };
  herd = Array.from({ length: 30 }, (_, number) => simulatedTrust(first, deviceNamed(`herd-${number}`), parts));
});
afterEach(() => world.stop());

/** Every device gets its own order for the release, and believes it. */
async function orderAll(version: string, generation: number): Promise<readonly string[]> {
  const release = sampleRelease('digits', version);
  return Promise.all(
    herd.map(async (trust, number) => {
      const about = { device: deviceNamed(`herd-${number}`), generation, models: modelsOf(release) };
      const { kind } = await trust.offerOrder(signedOrder(world.repository.keys.director, about), world.signal);
      await trust.refresh(world.signal);
      return `${kind} ${trust.find('digits', version).version}`;
    }),
  );
}

it('verifies a version of the repository for all devices together, and each of them judges its own order', async () => {
  await world.repository.addRelease(sampleRelease('digits', '1.0.0'));
  expect(new Set(await orderAll('1.0.0', 1))).toEqual(new Set(['accepted 1.0.0']));
  const verified = repository.counts.verified;
  expect(verified).toBeLessThanOrEqual(3);
  expect(repository.counts.asked).toBeGreaterThanOrEqual(60);

  await Promise.all(herd.map((trust) => trust.refresh(world.signal)));
  expect(repository.counts.verified).toBe(verified);

  await world.repository.addRelease(sampleRelease('digits', '1.1.0'));
  expect(new Set(await orderAll('1.1.0', 2))).toEqual(new Set(['accepted 1.1.0']));
  expect(repository.counts.verified).toBeLessThanOrEqual(verified + 2);

  const other = { device: deviceNamed('stranger'), generation: 3, models: modelsOf(sampleRelease('digits', '1.1.0')) };
  const outcome = await herd[0]?.offerOrder(signedOrder(world.repository.keys.director, other), world.signal);
  expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'order-device' } });
});

it('follows a new root, and each device gets the roots that it does not have', async () => {
  await world.repository.addRelease(sampleRelease('digits', '1.0.0'));
  const [early, late] = herd;
  await early?.refresh(world.signal);
  await world.repository.publish('root');
  await early?.refresh(world.signal);
  await late?.refresh(world.signal);
  expect([early?.versions?.root, late?.versions?.root]).toEqual([2, 2]);
});
