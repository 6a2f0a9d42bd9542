import { cp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '@bellwether/shared/signing/digest';
import { refusalCode } from '../../support/refusal-code.js';
import { sampleRelease } from '../../support/sample-release.js';
import { signedOrder } from '../../support/signed-order.js';
import { newKeyPair } from '../../support/signed-repository.js';
import { TrustWorld } from '../../support/trust-world.js';

const first = sampleRelease('digits', '1.0.0');
const second = sampleRelease('digits', '1.1.0');

let world: TrustWorld;
beforeEach(async () => {
  world = await TrustWorld.start();
  await world.repository.addRelease(first);
});
afterEach(async () => world.stop());

describe('what is stored', () => {
  const stored = async () => {
    const name =
      (await readdir(world.stateFolder))
        .filter((each) => each.startsWith('metadata-'))
        .sort()
        .at(-1) ?? '';
    return join(world.stateFolder, name);
  };

  it('is refused as corrupt when trust.json cannot be read, never taken for a fresh start', async () => {
    await world.openWith(first);
    await writeFile(join(world.stateFolder, 'trust.json'), '{"version":1');
    expect(await refusalCode(() => world.open())).toBe('state-corrupt');
  });

  const torn = async (...names: readonly string[]) => {
    for (const name of names) {
      const file = join(await stored(), name);
      await truncate(file, Math.floor((await stat(file)).size / 2));
    }
  };

  it.each([
    ['timestamp.json'],
    ['online.json'],
    ['staging-digits.json'],
    ['1.root.json'],
    ['1.root.json', 'timestamp.json', 'targets.json', 'production-digits.json'],
  ])('with %s torn is mended by the set before, without a network, and runners believe it too', async (...names) => {
    const trust = await world.openWith(first);
    await world.repository.publish();
    await trust.refresh(world.signal);
    await torn(...names);
    await world.server.stop();
    const after = await world.open();
    expect(after.accepted?.order.generation).toBe(1);
    expect(after.find('digits', '1.0.0').sha256).toBe(sha256(first.manifest));
    expect((await world.runnerVerdict(after.runnerTrust(), first)).version).toBe('1.0.0');
    expect((await world.open()).versions).toEqual(after.versions);
  });

  it.each(['staging-digits.json', 'targets.json'])(
    'with a torn %s that nothing older may stand in for, is fetched again, and no older one is believed meanwhile',
    async (name) => {
      const trust = await world.openWith(first);
      const old = join(world.folder, 'old-plane');
      await cp(world.repository.folder, old, { recursive: true });
      await world.repository.setOnlineKeys(2);
      await world.repository.publish('targets');
      await world.repository.addRelease(second);
      await trust.refresh(world.signal);
      const newest = join(world.folder, 'newest-plane');
      await cp(world.repository.folder, newest, { recursive: true });

      await torn(name);
      await cp(old, world.repository.folder, { recursive: true });
      const after = await world.open();
      expect(after.versions).toBeNull();
      expect(after.accepted?.order.generation).toBe(1);
      expect(await refusalCode(() => after.find('digits', '1.0.0'))).toBe('metadata-stale');
      // A replay of the old repository: the floors are kept apart from what is torn.
      expect(await refusalCode(() => after.refresh(world.signal))).toBe('metadata-refused');
      expect(after.versions).toBeNull();

      await cp(newest, world.repository.folder, { recursive: true });
      await after.refresh(world.signal);
      expect(after.find('digits', '1.1.0').sha256).toBe(sha256(second.manifest));
      expect((await world.runnerVerdict(after.runnerTrust(), second)).version).toBe('1.1.0');
    },
  );

  it('with a file that the disk cannot read any more is mended too; one of the set before keeps nobody from starting', async () => {
    const trust = await world.openWith(first);
    await world.repository.publish();
    await trust.refresh(world.signal);
    const sets = (await readdir(world.stateFolder)).filter((each) => each.startsWith('metadata-')).sort();
    for (const [i, name] of ['production-digits.json', 'targets.json'].entries()) {
      const file = join(world.stateFolder, sets.at(-1 - i) ?? '', name);
      await rm(file);
      await symlink('/proc/self/mem', file); // reading it is an EIO
    }
    await world.server.stop();
    expect((await world.open()).find('digits', '1.0.0').sha256).toBe(sha256(first.manifest));
  });

  it('with a file changed into another version is not believed either: its signature does not fit', async () => {
    await world.openWith(first);
    const file = join(await stored(), 'staging-digits.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/"version":\d/, '"version":9'));
    expect((await world.open()).versions).toBeNull();
  });

  it('is refused when its root is no longer the pinned one', async () => {
    await world.openWith(first);
    const sets = (await readdir(world.stateFolder)).filter((each) => each.startsWith('metadata-'));
    for (const set of sets) await writeFile(join(world.stateFolder, set, '1.root.json'), '{}');
    expect(await refusalCode(() => world.open())).toBe('root-mismatch');
  });

  it('is refused as corrupt when the order was exchanged', async () => {
    const trust = await world.openWith(first);
    const file = join(world.stateFolder, 'trust.json');
    const text = await readFile(file, 'utf8');
    const state = JSON.parse(text) as { state: { order: { envelope: string } } };
    state.state.order.envelope = signedOrder(newKeyPair(), { device: world.device }).toString();
    await writeFile(file, JSON.stringify(state));
    expect(await refusalCode(() => world.open())).toBe('state-corrupt');
    expect(trust.accepted).not.toBeNull();
  });
});
