import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeTargetsFile, decodeTimestampFile } from '@bellwether/control-plane/catalog/role-file';
import { renewed } from '@bellwether/control-plane/publisher/key-edit';
import { signTargets } from '@bellwether/control-plane/publisher/metadata-signing';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import { type CatalogFixture, openCatalogFixture } from '../../support/catalog-server.js';
import { FailingFiles } from '../../support/failing-files.js';
import { ManualClock } from '../../support/manual-clock.js';
import { refusalCode } from '../../support/refusal-code.js';
import { blobRelease } from '../../support/signed-roles.js';

const minute = 60_000;
/** Changes of the disk: before its journal is written, in the journal, and between any two files of a change of trust. */
const changes = [0, 3, 4, 7, 12, 19];

describe.each(['ENOSPC', 'EIO'] as const)('a change of who may sign that a disk fails with %s', (fault) => {
  let clock = new ManualClock();
  let disk = new FailingFiles();
  let fixture: CatalogFixture;
  beforeEach(async () => {
    clock = new ManualClock(Date.now());
    disk = new FailingFiles();
    fixture = await openCatalogFixture({ clock, disk });
  });
  afterEach(async () => {
    disk.heal();
    await fixture.remove();
  });

  const version = async () =>
    decodeTimestampFile(await readFile(join(fixture.metadata, 'timestamp.json'))).signed.version;

  async function renewTargets(): Promise<string> {
    const { signed } = decodeTargetsFile(await readFile(join(fixture.metadata, '1.targets.json')));
    const key = await readKeyFile(join(fixture.keys, 'offline/targets.key'));
    const pair = { publicKey: key.public, seed: key.seed };
    const targets = signTargets(renewed(signed, 365, clock.now().wallMs), [pair]);
    return refusalCode(() => fixture.catalog.changeTrust({ targets, roles: new Map() }));
  }

  it.each(changes)('after %i changes of the disk takes back nothing that was published after it', async (healthy) => {
    const release = blobRelease('1.0.0');
    await fixture.upload(release);
    disk.failAfter(healthy, fault);
    await renewTargets();
    disk.heal();
    await fixture.publish('staging', 2, { '1.0.0': release.target });
    const published = await version();
    expect((await fixture.reopen()).releases()).toHaveLength(1);
    expect(await version()).toBeGreaterThanOrEqual(published);
  });

  it('is completed within a minute where it was begun', async () => {
    disk.failAfter(7, fault);
    expect(await renewTargets()).not.toBe('passed');
    disk.heal();
    const completed = new Promise<void>((resolve) => {
      fixture.catalog.onChange(resolve);
    });
    await clock.advance(minute);
    await completed;
    expect(fixture.catalog.versions.targets).toBe(2);
    expect((await fixture.reopen()).versions.targets).toBe(2);
  });
});
