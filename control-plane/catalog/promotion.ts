import { CodedError } from '@bellwether/shared/errors';
import type { CatalogRelease } from './catalog.js';

/** A request that a staged release be signed for production, and how it was declined. The approval itself is a signature, never a row. */
export interface Promotion {
  /** `digits@1.0.0` */
  readonly release: string;
  readonly note: string | null;
  readonly requestedAtMs: number;
  /** The operator; null of a request from before this was written down. */
  readonly requestedBy: string | null;
  readonly rejectedAtMs: number | null;
  readonly reason: string | null;
}

/** A request as operators see it; null where there is none, or nothing left to decide. */
export function promotionState(promotion: Promotion | undefined, release: CatalogRelease) {
  if (promotion === undefined || release.production || release.withdrawn !== null) return null;
  const { note, requestedAtMs, requestedBy, rejectedAtMs, reason } = promotion;
  const state = rejectedAtMs === null ? ('pending' as const) : ('rejected' as const);
  return { state, note, requestedAtMs, requestedBy, rejectedAtMs, reason };
}

export type PromotionErrorCode = 'release-unknown' | 'release-withdrawn' | 'release-approved' | 'promotion-unknown';

/** A request that cannot be made, or declined. */
export class PromotionError extends CodedError<PromotionErrorCode> {}

/** Throws PromotionError when there is nothing to ask for. */
export function requirePromotable({ model, version, production, withdrawn }: CatalogRelease): void {
  const name = `${model}@${version}`;
  if (withdrawn !== null) throw new PromotionError('release-withdrawn', `${name} was withdrawn: ${withdrawn}`);
  if (production) throw new PromotionError('release-approved', `${name} is approved for production already`);
}

/** Where requests are kept: one for each release. */
export interface PromotionStore {
  all(): Promise<Promotion[]>;
  put(promotion: Promotion): Promise<void>;
}
