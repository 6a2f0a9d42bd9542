import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { updateInThread } from '@bellwether/agent/trust/repository-tuf-thread';
import { trustRules } from '@bellwether/agent/trust/trust-rules';
import { sha256 } from '@bellwether/shared/signing/digest';
import { refusalCode } from '../../support/refusal-code.js';
import { sampleRelease } from '../../support/sample-release.js';
import { deviceNamed, modelsOf, signedOrder } from '../../support/signed-order.js';
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

describe('the trust of a device', () => {
  it('goes from a pinned digest to a listed release that the runner verifies too', async () => {
    const trust = await world.open();
    expect(trust.versions).toBeNull();
    const outcome = await trust.offerOrder(world.order(first), world.signal);
    expect(outcome).toMatchObject({ kind: 'accepted', accepted: { order: { generation: 1 } } });
    await trust.refresh(world.signal);

    expect(trust.find('digits', '1.0.0')).toEqual({
      model: 'digits',
      version: '1.0.0',
      sha256: sha256(first.manifest),
      bytes: first.manifest.byteLength,
    });
    expect(trust.versions).toEqual({ root: 1, targets: 1, snapshot: 2, timestamp: 2 });
    expect(trust.development).toBe(false);
    expect((await world.runnerVerdict(trust.runnerTrust(), first)).version).toBe('1.0.0');
  });

  it('boots without a network and knows what it knew', async () => {
    const before = await world.openWith(first);
    const { versions, accepted } = before;
    await world.server.stop();
    const after = await world.open();
    expect(after.versions).toEqual(versions);
    expect(after.accepted).toEqual(accepted);
    expect(after.find('digits', '1.0.0').sha256).toBe(sha256(first.manifest));
    expect((await world.runnerVerdict(after.runnerTrust(), first)).version).toBe('1.0.0');
  });

  it('keeps its order although the director that signed it was replaced, across a restart', async () => {
    const trust = await world.openWith(first);
    await world.repository.setOnlineKeys(2, [newKeyPair()]);
    await world.repository.publish('targets');
    await trust.refresh(world.signal);
    expect((await world.open()).accepted?.order.generation).toBe(1);
  });

  it('follows rotations of the root that it missed', async () => {
    const trust = await world.openWith(first);
    const { root } = world.repository;
    for (let i = 0; i < 3; i++) await world.repository.publish('root');
    await trust.refresh(world.signal);
    expect(trust.versions?.root).toBe(4);
    expect((await world.open()).versions?.root).toBe(4);
    expect(root.signed.version).toBe(4);
    expect((await world.runnerVerdict(trust.runnerTrust(), first)).version).toBe('1.0.0');
  });

  it('takes the root from a file as well', async () => {
    const trust = await world.open({ root: { file: world.repository.rootFile } });
    await trust.refresh(world.signal);
    expect(trust.versions?.root).toBe(1);
  });

  it('writes nothing when nothing is newer', async () => {
    const trust = await world.openWith(first);
    const folders = await readdir(world.stateFolder);
    await trust.refresh(world.signal);
    expect(await readdir(world.stateFolder)).toEqual(folders);
  });

  it('keeps the metadata before for a runner that is reading it, and no older', async () => {
    const trust = await world.openWith(first);
    const before = trust.runnerTrust();
    await world.repository.publish();
    await trust.refresh(world.signal);
    expect((await world.runnerVerdict(before, first)).version).toBe('1.0.0');
    await world.repository.publish();
    await trust.refresh(world.signal);
    expect((await readdir(world.stateFolder)).filter((name) => name.startsWith('metadata-'))).toHaveLength(2);
  });
});

describe('a staging device', () => {
  const staged = sampleRelease('digits', '2.0.0');

  it('takes what only a publisher listed, which a production device does not', async () => {
    await world.repository.addRelease({ ...staged, production: false });
    await world.openWith(staged);
    const [staging, production] = [await world.open({ stage: 'staging' }), await world.open()];
    expect(staging.find('digits', '2.0.0').sha256).toBe(sha256(staged.manifest));
    expect(await refusalCode(() => production.find('digits', '2.0.0'))).toBe('not-listed');
    expect((await world.runnerVerdict(staging.runnerTrust(), staged)).version).toBe('2.0.0');
    expect(await refusalCode(() => world.runnerVerdict(production.runnerTrust(), staged))).toBe('not-listed');
  });

  it("heeds an approver's tombstone", async () => {
    await world.repository.addRelease(staged);
    const listed = world.repository.leaf('production-digits').signed.targets['production/digits/2.0.0/manifest.json'];
    Object.assign(listed ?? {}, { custom: { withdrawn: 'wrong labels' } });
    await world.repository.publish('production-digits');
    await world.openWith(staged);
    const staging = await world.open({ stage: 'staging' });
    expect(await refusalCode(() => staging.find('digits', '2.0.0'))).toBe('withdrawn');
    expect(await refusalCode(() => world.runnerVerdict(staging.runnerTrust(), staged))).toBe('withdrawn');
  });
});

describe('first trust', () => {
  it('refuses a 1.root.json that is not the pinned one', async () => {
    expect(await refusalCode(() => world.open({ root: { sha256: '0'.repeat(64) } }))).toBe('root-mismatch');
  });

  it('is a matter of network where only a digest is configured', async () => {
    await world.server.stop();
    expect(await refusalCode(() => world.open())).toBe('network');
  });

  it('refuses another root than the one it began with', async () => {
    await world.open();
    const other = await TrustWorld.start();
    const root = { file: other.repository.rootFile };
    expect(await refusalCode(() => world.open({ root }))).toBe('root-mismatch');
    await other.stop();
  });

  it('refuses a development root unless the configuration allows it', async () => {
    const development = await TrustWorld.start({ development: true });
    expect(await refusalCode(() => development.open())).toBe('development-refused');
    const trust = await development.open({ allowDevelopment: true });
    expect(trust.development).toBe(true);
    expect(await refusalCode(() => development.open())).toBe('development-refused');
    await development.stop();
  });

  it('refuses a pinned root whose threshold is 1', async () => {
    const { repository } = world;
    repository.root.signed.roles.root.threshold = 1;
    const file = join(world.folder, 'weak.root.json');
    await repository.writeRole('root', repository.root);
    await writeFile(file, repository.published.get('root') ?? '');
    expect(await refusalCode(() => world.open({ root: { file } }))).toBe('root-refused');
  });
});

describe('an order', () => {
  it('that was accepted is unchanged when it comes again', async () => {
    const trust = await world.open();
    const order = world.order(first);
    await trust.offerOrder(order, world.signal);
    expect(await trust.offerOrder(order, world.signal)).toEqual({ kind: 'unchanged' });
  });

  it('of an older generation is refused, after a restart too', async () => {
    const old = world.order(first);
    await (await world.open()).offerOrder(world.order(second), world.signal);
    const outcome = await (await world.open()).offerOrder(old, world.signal);
    expect(outcome).toMatchObject({ kind: 'refused', refusal: { code: 'generation-old' }, generation: 1 });
  });

  it('that is refused leaves the accepted one', async () => {
    const trust = await world.openWith(first);
    const { accepted } = trust;
    const stranger = signedOrder(newKeyPair(), { device: world.device, generation: 9, models: modelsOf(second) });
    expect(await trust.offerOrder(stranger, world.signal)).toMatchObject({ refusal: { code: 'order-signature' } });
    expect(trust.accepted).toBe(accepted);
    expect((await world.open()).accepted).toEqual(accepted);
  });

  it('under a new director is accepted after one look for newer keys', async () => {
    const trust = await world.openWith(first);
    const director = newKeyPair();
    await world.repository.setOnlineKeys(1, [director]);
    await world.repository.publish('targets');
    await world.clock.advance(60_000);
    const order = signedOrder(director, { device: world.device, generation: 2, models: modelsOf(second) });
    expect(await trust.offerOrder(order, world.signal)).toMatchObject({ kind: 'accepted' });
  });

  it('of a higher epoch, which keys/online.json vouches for, resets the generation', async () => {
    const trust = await world.openWith(first, sampleRelease('vad', '1.0.0'));
    await world.repository.setOnlineKeys(2);
    await world.repository.publish('targets');
    await world.clock.advance(60_000);
    const order = signedOrder(world.repository.keys.director, {
      device: world.device,
      epoch: 2,
      models: modelsOf(first),
    });
    expect(await trust.offerOrder(order, world.signal)).toMatchObject({ kind: 'accepted' });
  });

  it('by unknown keys makes the device ask once a minute, not for each', async () => {
    const trust = await world.openWith(first);
    const stranger = newKeyPair();
    const timestamps = () => world.server.requests.filter((path) => path.endsWith('timestamp.json')).length;
    await world.clock.advance(60_000);
    const before = timestamps();
    for (let generation = 2; generation < 6; generation++) {
      const outcome = await trust.offerOrder(signedOrder(stranger, { device: world.device, generation }), world.signal);
      expect(outcome).toMatchObject(generation === 2 ? { kind: 'refused' } : { kind: 'refused', isTooSoon: true });
    }
    expect(timestamps()).toBe(before + 1);
    await world.clock.advance(60_000);
    await trust.offerOrder(signedOrder(stranger, { device: world.device, generation: 7 }), world.signal);
    expect(timestamps()).toBe(before + 2);
  });

  it('is accepted while a refresh hangs: a rollback must not wait for a network', async () => {
    const trust = await world.openWith(first);
    const abort = new AbortController();
    const asked = new Promise<void>((resolve) => {
      world.server.answer('/repository/metadata/timestamp.json', () => resolve()); // and no answer
    });
    const refresh = refusalCode(() => trust.refresh(abort.signal));
    await asked;
    expect(await trust.offerOrder(world.order(second), world.signal)).toMatchObject({ kind: 'accepted' });
    abort.abort();
    expect(await refresh).toBe('network');
    expect(trust.accepted?.order.generation).toBe(2);
  });

  it('that is newer stays, whichever of two is judged last', async () => {
    const trust = await world.openWith(first);
    const [second, third] = [world.order(first), world.order(first)];
    const outcomes = await Promise.all([third, second].map((order) => trust.offerOrder(order, world.signal)));
    expect(outcomes).toMatchObject([{ kind: 'accepted' }, { refusal: { code: 'generation-old' } }]);
    expect((await world.open()).accepted?.order.generation).toBe(3);
  });

  it('for another device causes no request', async () => {
    const trust = await world.openWith(first);
    const before = world.server.requests.length;
    const order = signedOrder(world.repository.keys.director, { device: deviceNamed('other'), generation: 2 });
    expect(await trust.offerOrder(order, world.signal)).toMatchObject({ refusal: { code: 'order-device' } });
    expect(world.server.requests).toHaveLength(before);
  });

  it('before any metadata was verified waits for the network', async () => {
    const trust = await world.open();
    await world.server.stop();
    expect(await trust.offerOrder(world.order(first), world.signal)).toMatchObject({ refusal: { code: 'network' } });
    expect(trust.accepted).toBeNull();
  });
});

describe('a configured root file', () => {
  it('that is not there is told by its code', async () => {
    expect(await refusalCode(() => world.open({ root: { file: join(world.folder, 'gone.json') } }))).toBe(
      'root-unreadable',
    );
  });
});

describe('a listing', () => {
  it('is looked for once while the metadata stays: reconcile asks for every release at every pass', async () => {
    await world.openWith(first);
    let searches = 0;
    const listing: typeof trustRules.listing = (release, sources) => {
      searches++;
      return trustRules.listing(release, sources);
    };
    const trust = await world.open({}, { rules: { ...trustRules, listing }, update: updateInThread });
    for (let i = 0; i < 1000; i++) trust.find('digits', '1.0.0');
    expect(searches).toBe(1);
    await world.repository.publish();
    await trust.refresh(world.signal);
    trust.find('digits', '1.0.0');
    expect(searches).toBe(2);
  });

  it('changes with the metadata, also from and to a refusal', async () => {
    const trust = await world.openWith(first);
    expect(await refusalCode(() => trust.find('digits', '1.1.0'))).toBe('not-listed');
    await world.repository.addRelease(second);
    await trust.refresh(world.signal);
    expect(trust.find('digits', '1.1.0').sha256).toBe(sha256(second.manifest));
    const entry = world.repository.leaf('production-digits').signed.targets['production/digits/1.1.0/manifest.json'];
    Object.assign(entry ?? {}, { custom: { withdrawn: 'wrong labels' } });
    await world.repository.publish('production-digits');
    await trust.refresh(world.signal);
    expect(await refusalCode(() => trust.find('digits', '1.1.0'))).toBe('withdrawn');
  });
});
