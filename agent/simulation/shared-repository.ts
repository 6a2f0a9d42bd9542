import { metadataPath } from '@bellwether/shared/contract/http-api';
import { isSame, type Metadata, type MetadataBytes } from '../trust/metadata.js';
import { fetchSmallFile, type RemoteFolder } from '../trust/metadata-http.js';
import { acceptedFloors } from '../trust/refreshed-trust.js';
import type { RefreshedMetadata, RefreshRequest, Repository } from '../trust/repository.js';
import { type ArtefactPlane, folderOf } from '../trust/repository-tuf.js';
import type { TrustRules } from '../trust/trust-rules.js';
import { maxRootBytes, maxTimestampBytes } from '../trust/tuf-limits.js';

export interface SharedRepositoryParts {
  /** The verifier of the agent: tuf-js in a worker thread. */
  readonly repository: Repository;
  readonly plane: ArtefactPlane;
  readonly rules: TrustRules;
  readonly allowDevelopment: boolean;
  readonly signal: AbortSignal;
}

/** What was verified last, with every root since the pinned one. */
interface Verified {
  readonly metadata: MetadataBytes;
  readonly read: Metadata;
  readonly roots: RefreshedMetadata['newRoots'];
  readonly problems: RefreshedMetadata['problems'];
  readonly floors: RefreshRequest['floors'];
  readonly wanted: readonly string[];
}

/**
 * One verifier for all devices of the process: a version of the repository is fetched and verified once, and each device
 * gets what it says as if it had asked by itself. Whoever asks gets a look that began after the question; those who ask
 * meanwhile share the next one. All devices begin with the same pinned root.
 */
export class SharedRepository implements Repository {
  readonly #parts: SharedRepositoryParts;
  readonly #wanted = new Set<string>();
  #trustedTimeMs = 0;
  #last: Verified | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<Verified> | undefined;
  /** How often metadata was verified, and how often devices asked. */
  readonly counts = { verified: 0, asked: 0 };

  constructor(parts: SharedRepositoryParts) {
    this.#parts = parts;
  }

  async refresh(request: RefreshRequest): Promise<RefreshedMetadata> {
    this.counts.asked++;
    for (const role of request.wanted) this.#wanted.add(role);
    this.#trustedTimeMs = Math.max(this.#trustedTimeMs, request.trustedTimeMs);
    this.#next ??= this.#lookAfter(this.#running, request);
    const { metadata, read, roots, problems } = await this.#next;
    return { metadata, read, problems, newRoots: roots.slice(request.stored.roots.length - 1) };
  }

  #lookAfter(running: Promise<unknown>, request: RefreshRequest): Promise<Verified> {
    const look = running.then(() => {
      this.#next = undefined;
      return this.#look(request);
    });
    this.#running = look.catch(() => {}); // whoever asked is told
    return look;
  }

  async #look(request: RefreshRequest): Promise<Verified> {
    const wanted = [...this.#wanted];
    const trustedTimeMs = this.#trustedTimeMs;
    const last = this.#last;
    if (last !== undefined && (await this.#stands(last, wanted))) return last;
    const { repository, rules, allowDevelopment, signal } = this.#parts;
    const stored = last?.metadata ?? request.stored;
    const before = last?.floors ?? request.floors;
    const found = await repository.refresh({ stored, floors: before, wanted, trustedTimeMs }, signal);
    this.counts.verified++;
    const floors = acceptedFloors(found, before, { rules, allowDevelopment });
    const roots = [...(last?.roots ?? []), ...found.newRoots];
    this.#last = { metadata: found.metadata, read: found.read, roots, problems: found.problems, floors, wanted };
    return this.#last;
  }

  /** The repository is as it was verified: the same timestamp, which has not expired, and no newer root. */
  async #stands({ metadata, read, problems, ...last }: Verified, wanted: readonly string[]): Promise<boolean> {
    const { current, root } = read;
    if (current === null || metadata.current === null) return false;
    if (Date.parse(current.timestamp.signed.expires) <= this.#trustedTimeMs) return false;
    if (problems.size > 0 || wanted.some((role) => !last.wanted.includes(role))) return false;
    const folder: RemoteFolder = folderOf(this.#parts.plane, metadataPath);
    const [timestamp, newer] = await Promise.all([
      fetchSmallFile(folder, 'timestamp.json', maxTimestampBytes),
      fetchSmallFile(folder, `${root.signed.version + 1}.root.json`, maxRootBytes),
    ]);
    return newer === undefined && isSame(metadata.current.timestamp, timestamp);
  }
}
