import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf } from '@bellwether/shared/errors';

/**
 * Opens a plain file to be served; undefined when it is not there, or is something else. A link that somebody put into
 * the folder would lead out of it, to the server's keys, and a pipe would keep the request waiting for ever: neither is
 * followed, both count as absent. Throws Node's own errors otherwise.
 */
export async function openPlainFile(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // ENXIO: a socket.
    if (['ENOENT', 'ELOOP', 'ENXIO', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  return undefined;
}

/** The bytes of a plain file; undefined as above. */
export async function readPlainFile(path: string): Promise<Uint8Array | undefined> {
  const file = await openPlainFile(path);
  try {
    return await file?.readFile();
  } finally {
    await file?.close();
  }
}
