import { afterEach, beforeEach, expect, it } from 'vitest';
import { refusalCode } from '../support/refusal-code.js';
import { sampleRelease } from '../support/sample-release.js';
import { newKeyPair, roleOf, type SignedRepository, tufKeys } from '../support/signed-repository.js';
import { TrustWorld } from '../support/trust-world.js';

const release = sampleRelease('digits', '1.0.0');

let world: TrustWorld;
beforeEach(async () => {
  world = await TrustWorld.start();
  await world.repository.addRelease(release);
});
afterEach(async () => world.stop());

/** The root changes hands so often: each time the oldest of its three keys goes and a new one comes; the old quorum and the new one sign. */
async function rotate(repository: SignedRepository, times: number): Promise<void> {
  const { root, keys } = repository;
  for (let i = 0; i < times; i++) {
    const [oldest, ...stay] = keys.root;
    const next = newKeyPair();
    keys.root = [...stay, next];
    root.signers = [...(oldest === undefined ? [] : [oldest]), ...stay, next];
    const online = [...keys.targets, keys.snapshot, keys.timestamp];
    root.signed.keys = tufKeys([...keys.root, ...online]);
    root.signed.roles.root = roleOf(keys.root, 2);
    root.signed.version++;
    await repository.writeRole('root', root);
  }
}

const rootsAsked = () =>
  world.server.requests.flatMap((path) => /(\d+)\.root\.json$/.exec(path)?.[1] ?? []).map(Number);

it('a device that was away for 280 rotations of the root follows them all, 256 a pass, and keeps what it has followed when the network fails', async () => {
  const trust = await world.openWith(release);
  const { repository } = world;
  await rotate(repository, 279);
  repository.replaceOnlineKeys();
  await repository.publish('root'); // only the last root vouches for the timestamp
  let isBroken = true;
  world.server.answer('/repository/metadata/270.root.json', (_request, response) => {
    response.writeHead(isBroken ? 500 : 200);
    response.end(isBroken ? '' : repository.roots.get(270));
  });
  const before = rootsAsked().length;
  expect(await refusalCode(() => trust.refresh(world.signal))).toBe('network');
  expect(rootsAsked().slice(before)).toEqual(Array.from({ length: 269 }, (_, i) => i + 2));
  expect(trust.versions?.root).toBe(1);
  isBroken = false;
  const again = rootsAsked().length;
  await trust.refresh(world.signal);
  expect(rootsAsked()[again]).toBe(258);
  expect(trust.versions).toMatchObject({ root: 281, timestamp: 3 });
  expect(trust.find('digits', '1.0.0').version).toBe('1.0.0');
});
