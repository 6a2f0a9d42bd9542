import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlobStore, storageError } from '@bellwether/control-plane/catalog/blob-store-disk';
import { codeOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { sha256 } from '@bellwether/shared/signing/digest';
import { streamOf } from '../../support/signed-roles.js';

const bytes = Buffer.from('the weights of a model');
const digest = sha256(bytes);

describe('the blobs on disk', () => {
  let folder = '';
  let store = new BlobStore('', 0, nodeFiles);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-blobs-'));
    store = new BlobStore(folder, 100, nodeFiles);
    await store.prepare();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const files = async () => (await readdir(folder, { recursive: true })).filter((name) => name !== '.incoming');
  const codeOfPut = (name: string, source: AsyncIterable<Uint8Array>) =>
    store.put(name, source).then(
      () => 'stored',
      (error: unknown) => codeOf(error),
    );

  it('stores what has its digest, and the same bytes again', async () => {
    await store.put(digest, streamOf(bytes));
    await store.put(digest, streamOf(bytes, 3));
    expect(await store.read(digest)).toEqual(bytes);
    expect(await store.size(digest)).toBe(bytes.byteLength);
    expect(await files()).toEqual([digest]);
  });

  it('keeps nothing of bytes that have another digest', async () => {
    expect(await codeOfPut('0'.repeat(64), streamOf(bytes))).toBe('blob-digest');
    expect(await files()).toEqual([]);
  });

  it('stops reading at the largest size', async () => {
    let yielded = 0;
    const endless = async function* () {
      for (;;) {
        yielded += 40;
        yield Buffer.alloc(40);
      }
    };
    expect(await codeOfPut(digest, endless())).toBe('blob-too-large');
    expect(yielded).toBe(120);
    expect(await files()).toEqual([]);
  });

  it('keeps nothing of an upload that breaks off', async () => {
    const broken = async function* () {
      yield bytes.subarray(0, 5);
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    };
    expect(await codeOfPut(digest, broken())).toBe('ECONNRESET');
    expect(await files()).toEqual([]);
  });

  it('replaces a damaged blob by a sound one', async () => {
    await writeFile(join(folder, digest), 'the weights of a mödel');
    expect(await store.isIntact(digest)).toBe(false);
    await store.put(digest, streamOf(bytes));
    expect(await store.isIntact(digest)).toBe(true);
  });

  it('drops at the start what a crash left half uploaded', async () => {
    await mkdir(join(folder, '.incoming'), { recursive: true });
    await writeFile(join(folder, '.incoming', 'half'), 'the wei');
    await store.prepare();
    expect(await files()).toEqual([]);
  });

  it('knows nothing of what is not there', async () => {
    expect(await store.size(digest)).toBeUndefined();
    expect(await store.read(digest)).toBeUndefined();
    expect(await store.open(digest)).toBeUndefined();
    expect(await store.isIntact(digest)).toBe(false);
  });

  describe('while one is removed', () => {
    const hourMs = 3_600_000;
    const stored = async () => {
      await store.put(digest, streamOf(bytes));
      await utimes(join(folder, digest), 0, 0);
    };
    /** A moment that is waited for. */
    const moment = () => {
      let come = () => {};
      const came = new Promise<void>((resolve) => {
        come = resolve;
      });
      return { come, came };
    };
    /** A store whose disk waits at one of its functions until it is told to go on. */
    const waiting = (at: 'rename' | 'remove', more: Partial<DiskFiles> = {}) => {
      const [going, reached] = [moment(), moment()];
      const slowly = async (...paths: [string, string]) => {
        reached.come();
        await going.came;
        return nodeFiles[at](...paths);
      };
      const slow = new BlobStore(folder, 100, { ...nodeFiles, ...more, [at]: slowly });
      return { slow, reached: reached.came, goOn: going.come };
    };

    it('lists what is there, and removes what is old', async () => {
      await stored();
      expect(await store.list()).toEqual([{ name: digest, bytes: bytes.byteLength, changedMs: 0 }]);
      expect(await store.remove(digest, hourMs)).toBe(true);
      expect(await files()).toEqual([]);
    });

    it('leaves what has come again since it was listed', async () => {
      await stored();
      await store.put(digest, streamOf(bytes));
      expect(await store.remove(digest, hourMs)).toBe(false);
      expect(await files()).toEqual([digest]);
    });

    it('leaves what is just coming', async () => {
      await stored();
      const { slow, reached, goOn } = waiting('rename');
      const coming = slow.put(digest, streamOf(bytes));
      await reached;
      expect(await slow.remove(digest, hourMs)).toBe(false);
      goOn();
      await coming;
      expect(await files()).toEqual([digest]);
    });

    it('gives what comes its name after what is just going has gone', async () => {
      await stored();
      const received = moment();
      const open: DiskFiles['open'] = async (...how) => {
        const file = await nodeFiles.open(...how);
        const close = () => file.close().then(received.come);
        return {
          write: (part) => file.write(part),
          truncate: (to) => file.truncate(to),
          sync: () => file.sync(),
          close,
        };
      };
      let renames = 0;
      const rename: DiskFiles['rename'] = (...names) => {
        renames++;
        return nodeFiles.rename(...names);
      };
      const { slow, reached, goOn } = waiting('remove', { open, rename });
      const going = slow.remove(digest, hourMs);
      await reached;
      const coming = slow.put(digest, streamOf(bytes));
      await received.came;
      await new Promise(setImmediate);
      expect(renames).toBe(0);
      goOn();
      await Promise.all([going, coming]);
      expect(await files()).toEqual([digest]);
    });
  });

  it('calls a full or read-only folder by its name, and leaves other errors alone', () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    expect(codeOf(storageError(full))).toBe('storage');
    const other = new Error('other');
    expect(storageError(other)).toBe(other);
  });
});
