/** Bytes of one file: what the program has written, and what of it a power cut cannot take any more. */
interface FileNode {
  live: Uint8Array;
  durable: Uint8Array;
}

type Entry = FileNode | 'folder';

/** One change of names. */
interface NameChange {
  readonly folder: string;
  readonly clear?: string;
  readonly set?: readonly [path: string, entry: Entry];
}

/** What happened to the disk, in order. Paths are relative to its root, '' itself. */
export type DiskEvent =
  | { readonly type: 'create' | 'folder'; readonly path: string }
  | { readonly type: 'write'; readonly path: string; readonly bytes: Uint8Array }
  | { readonly type: 'truncate'; readonly path: string; readonly length: number }
  | { readonly type: 'sync' | 'sync-folder'; readonly path: string }
  | { readonly type: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly type: 'remove'; readonly path: string };

/**
 * What a cut does to everything that was not synced. `lost`: all of it. `kept`: nothing. `emptied`: names arrived, bytes
 * did not. `torn`: names arrived, and half of the bytes, the other half is zeros. `scrambled`: by dice, each name or
 * not, in any order of reaching the disk, and each file any part of its bytes.
 */
export const cutKinds = ['lost', 'kept', 'emptied', 'torn', 'scrambled'] as const;
export type CutKind = (typeof cutKinds)[number];

/** What is on the disk when the power is back, by path. */
export type Survivors = ReadonlyMap<string, Uint8Array | 'folder'>;

/**
 * The state of a disk as POSIX promises it, and no better: fsync of a file makes its bytes durable, fsync of a folder
 * its names; everything else may be there or not.
 */
export class PowerCutDisk {
  readonly #live = new Map<string, Entry>();
  readonly #durable = new Map<string, Entry>();
  #pending: NameChange[] = [];

  apply(event: DiskEvent): void {
    switch (event.type) {
      case 'create':
        return this.#set(event.path, { live: new Uint8Array(), durable: new Uint8Array() });
      case 'folder':
        return this.#set(event.path, 'folder');
      case 'write': {
        const node = this.#file(event.path);
        node.live = Buffer.concat([node.live, event.bytes]);
        return;
      }
      case 'truncate': {
        const node = this.#file(event.path);
        node.live = node.live.slice(0, event.length);
        return;
      }
      case 'sync': {
        const node = this.#file(event.path);
        node.durable = node.live;
        return;
      }
      case 'sync-folder':
        for (const change of this.#pending) if (change.folder === event.path) applyChange(this.#durable, change);
        this.#pending = this.#pending.filter(({ folder }) => folder !== event.path);
        return;
      case 'rename':
        return this.#change({
          folder: folderOf(event.to),
          clear: event.path,
          set: [event.to, this.#file(event.path)],
        });
      case 'link':
        return this.#change({ folder: folderOf(event.to), set: [event.to, this.#file(event.path)] });
      case 'remove':
        return this.#change({ folder: folderOf(event.path), clear: event.path });
    }
  }

  /** What would survive a cut now. `random` answers 0 … 1. */
  cut(kind: CutKind, random: () => number): Survivors {
    const names = new Map(this.#durable);
    for (const change of this.#pending) {
      if (kind !== 'lost' && (kind !== 'scrambled' || random() < 0.5)) applyChange(names, change);
    }
    const survivors = new Map<string, Uint8Array | 'folder'>();
    for (const [path, entry] of [...names].toSorted(([a], [b]) => a.length - b.length)) {
      // The content of a folder whose own name was lost is lost with it.
      if (folderOf(path) !== '' && survivors.get(folderOf(path)) !== 'folder') continue;
      survivors.set(path, entry === 'folder' ? 'folder' : bytesAfter(entry, kind, random));
    }
    return survivors;
  }

  #set(path: string, entry: Entry): void {
    this.#change({ folder: folderOf(path), set: [path, entry] });
  }

  #change(change: NameChange): void {
    this.#pending.push(change);
    applyChange(this.#live, change);
  }

  #file(path: string): FileNode {
    const entry = this.#live.get(path);
    if (entry === undefined || entry === 'folder') throw new Error(`${path} is no file`);
    return entry;
  }
}

export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function applyChange(names: Map<string, Entry>, { clear, set }: NameChange): void {
  if (clear !== undefined) names.delete(clear);
  if (set !== undefined) names.set(...set);
}

function bytesAfter({ live, durable }: FileNode, kind: CutKind, random: () => number): Uint8Array {
  if (live === durable || kind === 'lost' || kind === 'emptied') return durable;
  if (kind === 'kept') return live;
  const share = kind === 'torn' ? 0.5 : random();
  if (kind === 'scrambled' && share < 0.25) return durable;
  const torn = new Uint8Array(live.length);
  torn.set(live.slice(0, Math.floor(live.length * share)));
  return torn;
}
