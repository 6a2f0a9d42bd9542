import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeviceTrust } from '@bellwether/agent/trust/device-trust';
import { sealEnvelope } from '@bellwether/shared/signing/envelope';
import { refusalCode } from '../../support/refusal-code.js';
import { sampleRelease } from '../../support/sample-release.js';
import { newKeyPair, roleOf, type SignedRepository, tufKeys } from '../../support/signed-repository.js';
import { TrustWorld } from '../../support/trust-world.js';

const first = sampleRelease('digits', '1.0.0');
const second = sampleRelease('digits', '1.1.0');

let base: TrustWorld;
let world: TrustWorld;
let repository: SignedRepository;
let trust: DeviceTrust;
beforeAll(async () => {
  base = await TrustWorld.start();
  await base.repository.addRelease(first);
  await base.openWith(first);
});
afterAll(async () => base.stop());
beforeEach(async () => {
  world = await base.fork();
  ({ repository } = world);
  trust = await world.open();
});
afterEach(async () => world.stop());

const refresh = () => refusalCode(() => trust.refresh(world.signal));
const find = () => refusalCode(() => trust.find(second.model, second.version));

/** Answers a metadata file in another way. */
function serve(name: string, answer: (response: ServerResponse) => void): void {
  world.server.answer(`/repository/metadata/${name}`, (_request, response) => answer(response));
}

/** Whatever was tried: nothing has changed, on disk neither. */
async function expectUnchanged(): Promise<void> {
  const versions = { root: 1, targets: 1, snapshot: 2, timestamp: 2 };
  expect(trust.versions).toEqual(versions);
  const again = await world.open();
  expect(again.versions).toEqual(versions);
  expect(again.find('digits', '1.0.0').version).toBe('1.0.0');
}

/** What a thief of the online keys does: a next snapshot and timestamp over whatever lies in the drafts. */
const publishOnline = () => repository.publish();

describe('rollback', () => {
  it('of the timestamp is refused', async () => {
    const old = repository.published.get('timestamp');
    await repository.addRelease(second);
    await trust.refresh(world.signal);
    serve('timestamp.json', (response) => response.end(old));
    expect(await refresh()).toBe('metadata-refused');
    expect(await find()).toBe('passed');
  });

  it('of the snapshot, under a newer timestamp, is refused', async () => {
    await repository.writeRole('snapshot', {
      ...repository.snapshot,
      signed: { ...repository.snapshot.signed, version: 1 },
    });
    repository.timestamp.signed.version++;
    await repository.writeTimestamp();
    expect(await refresh()).toBe('metadata-refused');
    await expectUnchanged();
  });

  it('of a role, under a newer snapshot, is refused by the device and by the runner', async () => {
    const old = { ...repository.snapshot.signed.meta };
    const oldLeaf = repository.published.get('staging-digits') ?? new Uint8Array();
    await repository.addRelease(second);
    await trust.refresh(world.signal);
    repository.snapshot.signed.meta = old;
    await publishOnline();
    expect(await refresh()).toBe('metadata-refused');
    repository.published.set('staging-digits', oldLeaf);
    expect(await refusalCode(() => world.publishedVerdict(trust.runnerTrust(), first))).toBe('rollback');
  });

  it('of a role is refused even by the root that replaces the online keys', async () => {
    const old = { ...repository.snapshot.signed.meta };
    await repository.addRelease(second);
    await trust.refresh(world.signal);
    await replaceOnlineKeys();
    repository.snapshot.signed.meta = old;
    await publishOnline();
    expect(await refresh()).toBe('metadata-refused');
  });

  it('of the root chain is refused after a restart', async () => {
    await repository.publish('root');
    await trust.refresh(world.signal);
    const { rootVersion, floors } = (await world.open()).runnerTrust();
    expect({ rootVersion, floor: floors.root }).toEqual({ rootVersion: 1, floor: 2 });
    repository.roots.delete(2);
    expect(await refusalCode(() => world.publishedVerdict(trust.runnerTrust(), first))).toBe('rollback');
  });
});

async function replaceOnlineKeys(): Promise<void> {
  const keys = { timestamp: newKeyPair(), snapshot: newKeyPair() };
  const { signed } = repository.root;
  Object.assign(signed.keys, tufKeys(Object.values(keys)));
  signed.roles.timestamp = roleOf([keys.timestamp]);
  signed.roles.snapshot = roleOf([keys.snapshot]);
  repository.timestamp.signers = [keys.timestamp];
  repository.snapshot.signers = [keys.snapshot];
  await repository.publish('root');
}

describe('versions run up with stolen online keys', () => {
  beforeEach(async () => {
    repository.timestamp.signed.version = 1_000_000;
    repository.snapshot.signed.version = 1_000_000;
    await publishOnline();
    await trust.refresh(world.signal);
    repository.timestamp.signed.version = 10;
    repository.snapshot.signed.version = 10;
  });

  it('bind the device as long as the keys are trusted (control)', async () => {
    await publishOnline();
    expect(await refresh()).toBe('metadata-refused');
  });

  it('bind it no longer under a root that replaces them', async () => {
    await replaceOnlineKeys();
    expect(await refresh()).toBe('passed');
    expect(trust.versions).toMatchObject({ timestamp: 11, snapshot: 11 });
    expect((await world.open()).versions).toMatchObject({ timestamp: 11 });
  });
});

describe('freeze', () => {
  beforeEach(() => {
    const nonce = '12'.repeat(32);
    const time = sealEnvelope('time', { deviceNonce: nonce, timeMs: Date.UTC(2026, 5, 2) }, [repository.keys.time]);
    trust.offerTime(time, nonce);
  });

  it('by a timestamp that has expired is noticed', async () => {
    repository.timestamp.signed.expires = '2026-06-01T00:00:00Z';
    await publishOnline();
    expect(await refresh()).toBe('metadata-stale');
    await expectUnchanged();
  });

  it('by a timestamp that expires while it stands is noticed', async () => {
    repository.timestamp.signed.expires = '2026-06-02T12:00:00Z';
    await publishOnline();
    expect(await refresh()).toBe('passed');
    expect(trust.isFresh()).toBe(true);
    await world.clock.advance(12 * 3_600_000);
    expect(trust.isFresh()).toBe(false);
    expect(await refresh()).toBe('metadata-stale');
  });

  it('of one role stops its new releases, and what serves stays', async () => {
    repository.leaf('staging-digits').signed.expires = '2026-06-01T00:00:00Z';
    await repository.addRelease(second);
    expect(await refresh()).toBe('passed');
    expect(await find()).toBe('metadata-stale');
    expect(trust.find('digits', '1.0.0').version).toBe('1.0.0');
  });
});

describe('mix and match', () => {
  it('of a new snapshot and an old role file is refused for that role', async () => {
    const old = repository.published.get('staging-digits');
    await repository.addRelease(second);
    serve('3.staging-digits.json', (response) => response.end(old));
    expect(await refresh()).toBe('passed');
    expect(await find()).toBe('not-listed');
    expect(trust.find('digits', '1.0.0').version).toBe('1.0.0');
    expect((await world.open()).find('digits', '1.0.0').version).toBe('1.0.0');
  });

  it('of a new timestamp and an old snapshot is refused', async () => {
    const old = repository.published.get('snapshot');
    await repository.addRelease(second);
    serve('3.snapshot.json', (response) => response.end(old));
    expect(await refresh()).toBe('metadata-refused');
    await expectUnchanged();
  });

  it('of keys/online.json and other bytes is refused', async () => {
    await repository.setOnlineKeys(2);
    await repository.publish('targets');
    const digest = repository.targets.signed.targets['keys/online.json']?.hashes.sha256 ?? '';
    const text = await readFile(join(repository.folder, 'blobs', 'sha256', digest), 'utf8');
    const other = text.replace('"epoch":2', '"epoch":3');
    world.server.answer(`/blobs/sha256/${digest}`, (_request, response) => response.end(other));
    expect(await refresh()).toBe('metadata-refused');
    await expectUnchanged();
  });
});

describe('too much', () => {
  it.each(['timestamp.json', '2.root.json'])('%s without an end is cut off', async (name) => {
    let sent = 0;
    serve(name, (response) => {
      const pour = (): void => {
        for (let more = true; more && !response.destroyed; sent += 16_384) more = response.write(Buffer.alloc(16_384));
      };
      response.on('drain', pour);
      pour();
    });
    expect(await refresh()).toBe('metadata-refused');
    expect(sent).toBeLessThan(16 * 1024 * 1024);
    await expectUnchanged();
  });

  it('a role larger than the snapshot says is refused for that role', async () => {
    await repository.addRelease(second);
    serve('3.staging-digits.json', (response) => response.end(Buffer.alloc(500_000, ' ')));
    expect(await refresh()).toBe('passed');
    expect(await find()).toBe('not-listed');
  });

  it('a file with two members of one name is refused: two readers could see two files', async () => {
    const text = String(repository.published.get('timestamp'));
    serve('timestamp.json', (response) => response.end(text.replace('"signed":', '"signed":{},"signed":')));
    expect(await refresh()).toBe('metadata-refused');
    await expectUnchanged();
  });
});

describe('trouble that passes', () => {
  it('a server that is away', async () => {
    await world.server.stop();
    expect(await refresh()).toBe('network');
    expect((await world.open()).find('digits', '1.0.0').version).toBe('1.0.0');
  });

  it('a server with an error', async () => {
    serve('timestamp.json', (response) => response.writeHead(503).end());
    expect(await refresh()).toBe('network');
    await expectUnchanged();
  });

  it('a connection that stalls', async () => {
    const impatient = await world.open({ requestTimeoutMs: 100 });
    serve('timestamp.json', (response) => response.write('{'));
    expect(await refusalCode(() => impatient.refresh(world.signal))).toBe('network');
  });

  it('a role file that is not there: nothing changes, the others neither', async () => {
    await repository.addRelease(second);
    serve('3.staging-digits.json', (response) => response.writeHead(404).end());
    expect(await refresh()).toBe('network');
    await expectUnchanged();
  });

  it('a refresh that is called off', async () => {
    const abort = new AbortController();
    serve('timestamp.json', () => abort.abort());
    expect(await refusalCode(() => trust.refresh(abort.signal))).toBe('network');
    await expectUnchanged();
  });

  it('a verification that does not end in time', async () => {
    const hurried = await world.open({ deadlineMs: 50 });
    serve('timestamp.json', () => {}); // never answers; its own limit is far off
    expect(await refusalCode(() => hurried.refresh(world.signal))).toBe('metadata-refused');
  });
});
