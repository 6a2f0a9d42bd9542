import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { messageOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { makeFolderDurably, replaceDurably } from '@bellwether/shared/files/durable-file-disk';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import type { MetadataBytes } from './metadata.js';
import { readIfThere, readMetadataFolder, writeMetadataFolder } from './metadata-folder-disk.js';
import { type StoredTrust, TrustError, TrustState, type TrustStore } from './trust-store.js';

/** `trust.json`: the one file whose replacement makes new trust real. */
const TrustFile = Type.Object(
  { version: Type.Literal(1), metadata: Type.String({ pattern: '^metadata-[0-9]{1,15}$' }), state: TrustState },
  { additionalProperties: false },
);
const compiled = Compile(TrustFile);
const maxTrustFileBytes = 1024 * 1024;

/** Trust in a folder: `trust.json`, and beside it the folder of metadata that it names. */
export class DiskTrustStore implements TrustStore {
  readonly #folder: string;
  readonly #files: DiskFiles;
  #metadata: string;

  constructor(folder: string, files: DiskFiles) {
    this.#folder = folder;
    this.#files = files;
    this.#metadata = 'metadata-0';
  }

  get metadataFolder(): string {
    return join(this.#folder, this.#metadata);
  }

  /** What is stored; null when nothing ever was. Rejects with TrustError `state-corrupt`. */
  async load(): Promise<StoredTrust | null> {
    await makeFolderDurably(this.#files, this.#folder, 0o700);
    const file = await this.#readFile();
    if (file === null) return null;
    this.#metadata = file.metadata;
    try {
      return { state: file.state, metadata: await readMetadataFolder(this.metadataFolder) };
    } catch (cause) {
      throw corrupt(this.metadataFolder, cause);
    }
  }

  /** The metadata that stood before, as far as it is still there: what may mend a torn file. Not verified; null when it cannot be read. */
  async loadBefore(): Promise<MetadataBytes | null> {
    const names = (await readdir(this.#folder)).filter((name) => name.startsWith('metadata-'));
    const numbers = names.map(numberOf).filter((number) => number < numberOf(this.#metadata));
    if (numbers.length === 0) return null;
    try {
      return await readMetadataFolder(join(this.#folder, `metadata-${Math.max(...numbers)}`));
    } catch {
      return null; // it is a spare: what stands may be whole
    }
  }

  /**
   * The order is the guarantee: new metadata goes into a folder of its own and is on the disk before trust.json names it;
   * what trust.json named before goes last. Cut anywhere, the old or the new trust is there, whole.
   */
  async save(state: TrustState, metadata?: MetadataBytes): Promise<void> {
    const before = this.#metadata;
    const next = metadata === undefined ? before : `metadata-${numberOf(before) + 1}`;
    if (metadata !== undefined) await writeMetadataFolder(this.#files, join(this.#folder, next), metadata);
    const file: Static<typeof TrustFile> = { version: 1, metadata: next, state };
    await replaceDurably(this.#files, this.#trustFile, Buffer.from(`${JSON.stringify(file)}\n`));
    this.#metadata = next;
    if (metadata !== undefined) await this.#removeOld(before);
  }

  get #trustFile(): string {
    return join(this.#folder, 'trust.json');
  }

  async #readFile(): Promise<Static<typeof TrustFile> | null> {
    const bytes = await readIfThere(this.#trustFile);
    if (bytes === undefined) return null;
    try {
      return decodeDocument(compiled, bytes, { what: 'trust.json', maxBytes: maxTrustFileBytes });
    } catch (cause) {
      throw corrupt(this.#trustFile, cause);
    }
  }

  /** The one before stays: a runner that is starting may be reading it. */
  async #removeOld(before: string): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => name.startsWith('metadata-'));
    const old = names.filter((name) => name !== this.#metadata && name !== before);
    await Promise.all(old.map(async (name) => this.#files.remove(join(this.#folder, name))));
  }
}

function numberOf(folder: string): number {
  return Number(folder.slice('metadata-'.length));
}

function corrupt(path: string, cause: unknown): TrustError {
  return new TrustError('state-corrupt', `${path} cannot be read: ${messageOf(cause)}`, { cause });
}
