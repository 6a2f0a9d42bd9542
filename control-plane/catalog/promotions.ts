import type { Clock } from '@bellwether/shared/clock';
import { formatReleaseId, parseReleaseId, type ReleaseId } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import type { Catalog, CatalogRelease } from './catalog.js';
import { type Promotion, PromotionError, type PromotionStore, promotionState, requirePromotable } from './promotion.js';

interface PromotionParts {
  readonly store: PromotionStore;
  readonly catalog: Pick<Catalog, 'find'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Told when a request was made or declined. */
  readonly changed: () => void;
}

/** The requests for approval: stored, then told. */
export class Promotions {
  readonly #parts: PromotionParts;
  readonly #byRelease = new Map<string, Promotion>();

  constructor(parts: PromotionParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    for (const promotion of await this.#parts.store.all()) this.#byRelease.set(promotion.release, promotion);
  }

  /** How the request for a release stands. */
  of(release: CatalogRelease): ReturnType<typeof promotionState> {
    return promotionState(this.#byRelease.get(formatReleaseId(release)), release);
  }

  /** The releases that wait for an approver: `digits@1.0.0`. */
  pending(): string[] {
    return [...this.#byRelease].flatMap(([name, promotion]) => {
      const id = parseReleaseId(name);
      const release = id && this.#parts.catalog.find(id.model, id.version);
      return release !== undefined && promotionState(promotion, release)?.state === 'pending' ? name : [];
    });
  }

  /** Asks for an approval, again after it was declined. Throws PromotionError. */
  async request(id: ReleaseId, asked: Pick<Promotion, 'note' | 'requestedBy'>): Promise<void> {
    const name = this.#promotable(id);
    await this.#put({ ...asked, release: name, requestedAtMs: this.#nowMs(), rejectedAtMs: null, reason: null });
    this.#parts.log.info({ release: name }, 'An approval was asked for');
  }

  /** Declines what was asked for. Throws PromotionError. */
  async reject(id: ReleaseId, reason: string): Promise<void> {
    const name = this.#promotable(id);
    const asked = this.#byRelease.get(name);
    if (asked === undefined) throw new PromotionError('promotion-unknown', `nobody has asked to approve ${name}`);
    await this.#put({ ...asked, rejectedAtMs: this.#nowMs(), reason });
    this.#parts.log.info({ release: name, reason }, 'An approval was declined');
  }

  #promotable(id: ReleaseId): string {
    const name = formatReleaseId(id);
    const release = this.#parts.catalog.find(id.model, id.version);
    if (release === undefined) throw new PromotionError('release-unknown', `${name} is not in the catalogue`);
    requirePromotable(release);
    return name;
  }

  async #put(promotion: Promotion): Promise<void> {
    await this.#parts.store.put(promotion);
    this.#byRelease.set(promotion.release, promotion);
    this.#parts.changed();
  }

  #nowMs(): number {
    return Math.floor(this.#parts.clock.now().wallMs);
  }
}
