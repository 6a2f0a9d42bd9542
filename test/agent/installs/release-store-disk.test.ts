import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openReleaseStore, ReleaseStoreError } from '@bellwether/agent/installs/release-store-disk';
import { digitsRelease, installRecord } from '../../support/installs.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-releases-'));
  path = join(folder, 'state', 'installs.json');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const first = installRecord(digitsRelease('1.0.0'), { phase: 'settled', servedOrdinal: 1 });
const second = installRecord(digitsRelease('1.1.0'));

describe('the release store on disk', () => {
  it('begins empty', async () => {
    expect((await openReleaseStore(path)).records()).toEqual([]);
  });

  it('has everything again after it was opened anew', async () => {
    const store = await openReleaseStore(path);
    await store.put(first);
    await store.put(second);
    await store.put({ ...second, phase: 'verifying' });
    const again = await openReleaseStore(path);
    expect(again.records()).toEqual([first, { ...second, phase: 'verifying' }]);
    expect(again.find(second)?.phase).toBe('verifying');
  });

  it('keeps every one of writes that were begun together', async () => {
    const store = await openReleaseStore(path);
    const records = ['1.0.0', '1.1.0', '1.2.0', '1.3.0'].map((version) => installRecord(digitsRelease(version)));
    await Promise.all(records.map((record) => store.put(record)));
    expect((await openReleaseStore(path)).records()).toEqual(records);
  });

  it('forgets what it is told to', async () => {
    const store = await openReleaseStore(path);
    await store.put(first);
    await store.put(second);
    await store.forget([first]);
    expect((await openReleaseStore(path)).records()).toEqual([second]);
  });

  it('leaves no temporary file behind', async () => {
    const store = await openReleaseStore(path);
    await store.put(first);
    expect(await readdir(join(folder, 'state'))).toEqual(['installs.json']);
  });

  it('still tells the old truth when a write fails, and takes the next one', async () => {
    const store = await openReleaseStore(path);
    await store.put(first);
    await rm(join(folder, 'state'), { recursive: true });
    await expect(store.put(second)).rejects.toThrow('ENOENT');
    expect(store.records()).toEqual([first]);
    await openReleaseStore(path);
    await store.put(second);
    expect((await openReleaseStore(path)).records()).toEqual([first, second]);
  });

  it.each([
    ['torn', (text: string) => text.slice(0, text.length / 2)],
    ['of zeros', (text: string) => '\0'.repeat(text.length)],
    ['of another version', (text: string) => text.replace('"version":1', '"version":9')],
    ['with a phase nobody knows', (text: string) => text.replace('settled', 'blessed')],
  ])('refuses a file that is %s as state-corrupt, and leaves it as it is', async (_what, damage) => {
    const store = await openReleaseStore(path);
    await store.put(first);
    const damaged = damage(await readFile(path, 'utf8'));
    await writeFile(path, damaged);
    await expect(openReleaseStore(path)).rejects.toMatchObject({ code: 'state-corrupt', name: ReleaseStoreError.name });
    expect(await readFile(path, 'utf8')).toBe(damaged);
  });
});
