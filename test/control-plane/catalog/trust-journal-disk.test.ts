import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finishWriting, writeTogether } from '@bellwether/control-plane/catalog/trust-journal-disk';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';

const files = new Map([
  ['2.root.json', Buffer.from('root')],
  ['2.targets.json', Buffer.from('targets')],
  ['timestamp.json', Buffer.from('timestamp')],
]);

describe('metadata files that change together', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-journal-'));
    await writeFile(join(folder, 'timestamp.json'), 'old');
  });
  afterEach(() => rm(folder, { recursive: true }));
  const found = async () =>
    Promise.all([...files.keys()].map(async (name) => readFile(join(folder, name), 'utf8').catch(() => undefined)));

  it('are all there, and no journal is left', async () => {
    await writeTogether(nodeFiles, folder, files);
    expect(await found()).toEqual(['root', 'targets', 'timestamp']);
    expect((await readdir(folder)).length).toBe(3);
  });

  it('are completed after a crash between any two of them, however often that happens', async () => {
    const named = [...files].map(([name, bytes]) => ({ name, bytes: bytes.toString('base64') }));
    const journal = JSON.stringify({ version: 1, files: named });
    for (let written = 0; written <= files.size; written++) {
      await writeFile(join(folder, 'timestamp.json'), 'old');
      for (const [name, bytes] of [...files].slice(0, written)) await writeFile(join(folder, name), bytes);
      await writeFile(join(folder, 'change.journal'), journal);
      await finishWriting(nodeFiles, folder);
      await finishWriting(nodeFiles, folder);
      expect(await found()).toEqual(['root', 'targets', 'timestamp']);
      await rm(join(folder, '2.root.json'));
      await rm(join(folder, '2.targets.json'));
    }
  });

  it('stay as they were when nothing was begun', async () => {
    await finishWriting(nodeFiles, folder);
    expect(await found()).toEqual([undefined, undefined, 'old']);
  });
});
