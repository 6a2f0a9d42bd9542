import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { DiskFiles, OpenFile, OpenHow } from '@bellwether/shared/files/disk-files';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { type CutKind, type DiskEvent, PowerCutDisk, type Survivors } from './power-cut-disk.js';

/** Real files below a folder, and beside them the record of every change, from which any cut can be told. */
export class PowerCutFiles implements DiskFiles {
  readonly #root: string;
  readonly #lost: DiskEvent['type'] | undefined;
  readonly #events: DiskEvent[] = [];

  /** `lost`: as if the program never did this. For controls: what it is there for must go wrong without it. */
  constructor(root: string, lost?: DiskEvent['type']) {
    this.#root = root;
    this.#lost = lost;
  }

  /** Changes so far: a cut is possible after each. */
  get length(): number {
    return this.#events.length;
  }

  describe(cut: number): string {
    const event = this.#events[cut - 1];
    return event === undefined ? 'nothing' : `${event.type} ${event.path}`;
  }

  /** What is on the disk when the power went after the first `cut` changes. */
  survivors(cut: number, kind: CutKind, random: () => number): Survivors {
    const disk = new PowerCutDisk();
    for (const event of this.#events.slice(0, cut)) disk.apply(event);
    return disk.cut(kind, random);
  }

  async open(path: string, how: OpenHow, mode: number): Promise<OpenFile> {
    const isThere = await exists(path);
    const file = await nodeFiles.open(path, how, mode);
    if (!isThere) this.#add({ type: 'create', path: this.#name(path) });
    else if (how === 'replace') this.#add({ type: 'truncate', path: this.#name(path), length: 0 });
    return {
      write: async (bytes) => {
        this.#add({ type: 'write', path: this.#name(path), bytes: Uint8Array.from(bytes) });
        await file.write(bytes);
      },
      truncate: async (length) => {
        this.#add({ type: 'truncate', path: this.#name(path), length });
        await file.truncate(length);
      },
      sync: async () => {
        this.#add({ type: 'sync', path: this.#name(path) });
        await file.sync();
      },
      close: () => file.close(),
    };
  }

  async makeFolder(path: string, mode: number): Promise<void> {
    await nodeFiles.makeFolder(path, mode);
    this.#add({ type: 'folder', path: this.#name(path) });
  }

  async rename(from: string, to: string): Promise<void> {
    this.#add({ type: 'rename', path: this.#name(from), to: this.#name(to) });
    await nodeFiles.rename(from, to);
  }

  async link(from: string, to: string): Promise<void> {
    await nodeFiles.link(from, to);
    this.#add({ type: 'link', path: this.#name(from), to: this.#name(to) });
  }

  async remove(path: string): Promise<void> {
    if (!(await exists(path))) return;
    if ((await stat(path)).isDirectory()) for (const name of await readdir(path)) await this.remove(join(path, name));
    this.#add({ type: 'remove', path: this.#name(path) });
    await nodeFiles.remove(path);
  }

  async syncFolder(path: string): Promise<void> {
    await nodeFiles.syncFolder(path);
    this.#add({ type: 'sync-folder', path: this.#name(path) });
  }

  #add(event: DiskEvent): void {
    if (event.type !== this.#lost) this.#events.push(event);
  }

  #name(path: string): string {
    return relative(this.#root, path);
  }
}

/** Lays what survived into an empty folder. */
export async function laySurvivors(survivors: Survivors, folder: string): Promise<void> {
  for (const [path, content] of survivors) {
    if (content === 'folder') await mkdir(join(folder, path), { mode: 0o700 });
    else await writeFile(join(folder, path), content, { mode: 0o600 });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
