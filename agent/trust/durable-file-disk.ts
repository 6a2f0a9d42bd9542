import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file whose bytes have reached the disk when this resolves; its name may not have: see syncFolder. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder durable: what was created, renamed or removed. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file as one: after a power cut it is the old one or the new one, whole. */
export async function replaceDurably(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  await writeDurably(temporary, bytes);
  await rename(temporary, path);
  await syncFolder(dirname(path));
}
