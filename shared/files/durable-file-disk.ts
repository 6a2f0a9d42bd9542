import { codeOf } from '../errors.js';
import type { DiskFiles, OpenHow } from './disk-files.js';

/**
 * How durable state is written: bytes, fsync, rename, fsync of the folder. Every function rejects with Node's own
 * errors.
 */

/** Folders of paths with forward slashes: the product runs on Linux. */
function folderOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end === -1 ? '.' : end === 0 ? '/' : path.slice(0, end);
}

/** Writes a file whose bytes are on the disk when this resolves; its name may not be: see DiskFiles.syncFolder. */
export async function writeDurably(
  files: DiskFiles,
  path: string,
  bytes: Uint8Array,
  { how = 'replace', mode = 0o600 }: { readonly how?: OpenHow; readonly mode?: number } = {},
): Promise<void> {
  const file = await files.open(path, how, mode);
  try {
    await file.write(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces a file as one: after a power cut it is the old one or the new one, whole. One writer at a time. */
export async function replaceDurably(files: DiskFiles, path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await writeDurably(files, temporary, bytes, { mode });
    await moveDurably(files, temporary, path);
  } catch (error) {
    // Of a full disk: the half of it that was written takes room that somebody may need. What is wrong is in `error`.
    await files.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Renames a synced file into place; its name survives a power cut when this resolves. */
export async function moveDurably(files: DiskFiles, from: string, to: string): Promise<void> {
  await files.rename(from, to);
  await files.syncFolder(folderOf(to));
}

/** Places a file that nothing ever replaces: after a power cut it is there whole or not at all. EEXIST when it is there. */
export async function placeDurably(files: DiskFiles, path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.new`;
  await files.remove(part);
  await writeDurably(files, part, bytes, { how: 'create' });
  await files.link(part, path);
  await files.remove(part);
  await files.syncFolder(folderOf(path));
}

/** Makes a folder and those above it that are missing, each name on the disk before something in it counts. */
export async function makeFolderDurably(files: DiskFiles, path: string, mode = 0o755): Promise<void> {
  try {
    await files.makeFolder(path, mode);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT' || folderOf(path) === path) throw error;
    await makeFolderDurably(files, folderOf(path), mode);
    return makeFolderDurably(files, path, mode);
  }
  await files.syncFolder(folderOf(path));
}
