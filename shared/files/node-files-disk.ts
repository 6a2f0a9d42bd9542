import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import type { DiskFiles, OpenHow } from './disk-files.js';

const flags: Readonly<Record<OpenHow, string>> = { replace: 'w', create: 'wx', append: 'a' };

/** The product's file system: node:fs. */
export const nodeFiles: DiskFiles = {
  open: async (path, how, mode) => {
    const file = await open(path, flags[how], mode);
    return {
      // Without a position, and so at the end: `writeFile` writes on from where the last one stopped.
      write: (bytes) => file.writeFile(bytes),
      truncate: (bytes) => file.truncate(bytes),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  makeFolder: (path, mode) => mkdir(path, { mode }),
  rename,
  link,
  remove: (path) => rm(path, { recursive: true, force: true }),
  syncFolder: async (path) => {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};
