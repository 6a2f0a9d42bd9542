import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { decodeReference, type ReferenceDistributions } from '@bellwether/shared/models/reference';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { ArtefactStore, Catalog, CatalogRelease } from '../../catalog/catalog.js';
import { type WatchedRelease, watchedRelease } from './watched-release.js';

interface BookParts {
  readonly catalog: Pick<Catalog, 'find'> & Pick<ArtefactStore, 'openBlob'>;
  readonly log: Log;
}

/** As much as `decodeReference` takes. */
const maxReferenceBytes = 1024 * 1024;
/** More than this many releases are not watched at a time; the one read first goes. */
const maxReleases = 256;

type Named = Pick<WatchedRelease, 'model' | 'version' | 'manifest'>;

/** The reference distributions of listed releases, read once each when a window first speaks of them. */
export class ReferenceBook {
  readonly #parts: BookParts;
  /** By manifest; null: it has none, or none that can be read. */
  readonly #known = new Map<string, WatchedRelease | null>();
  readonly #reading = new Map<string, Promise<void>>();

  constructor(parts: BookParts) {
    this.#parts = parts;
  }

  /** Undefined when nothing of it is watched; `reading` until its reference was read, which this begins. */
  of({ model, version, manifest }: Named): WatchedRelease | 'reading' | undefined {
    const known = this.#known.get(manifest);
    if (known !== undefined) return known ?? undefined;
    if (this.#reading.has(manifest)) return 'reading';
    // What a device makes up is read by nobody.
    const listed = this.#parts.catalog.find(model, version);
    if (listed?.manifest !== manifest) return undefined;
    const reading = this.#read(listed).finally(() => this.#reading.delete(manifest));
    this.#reading.set(manifest, reading);
    return 'reading';
  }

  /** Resolves when everything that is being read now was read. */
  async settled(): Promise<void> {
    await Promise.all(this.#reading.values());
  }

  async #read(listed: CatalogRelease): Promise<void> {
    const { manifest, manifestDocument } = listed;
    try {
      const reference = await this.#reference(listed);
      this.#keep(manifest, reference && watchedRelease(listed, manifestDocument, reference));
    } catch (error) {
      this.#keep(manifest, undefined);
      this.#parts.log.warn(
        { manifest, err: messageOf(error) },
        'Reference distributions cannot be read: drift is not watched',
      );
    }
  }

  async #reference({ manifestDocument }: CatalogRelease): Promise<ReferenceDistributions | undefined> {
    const { reference, files } = manifestDocument;
    const file = reference === undefined ? undefined : files[reference.file];
    if (file === undefined) return undefined;
    const blob = await this.#parts.catalog.openBlob(file.sha256);
    if (blob === undefined) throw new Error(`the blob ${file.sha256} is missing`);
    // A manifest may name gigabytes: none of them is read into memory.
    if (blob.bytes > maxReferenceBytes) {
      await blob.close();
      throw new Error(`it has ${blob.bytes} bytes, and ${maxReferenceBytes} are the most`);
    }
    const source: AsyncIterable<Uint8Array> = blob.read(0, blob.bytes - 1);
    const parts: Uint8Array[] = [];
    for await (const part of source) parts.push(part);
    const bytes = Buffer.concat(parts);
    if (sha256(bytes) !== file.sha256) throw new Error('its bytes are not what the manifest signs');
    return decodeReference(bytes);
  }

  #keep(manifest: string, release: WatchedRelease | undefined): void {
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < maxReleases) break;
      this.#known.delete(oldest);
    }
    this.#known.set(manifest, release ?? null);
  }
}
