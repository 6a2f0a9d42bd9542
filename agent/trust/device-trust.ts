import type { AuditEnd } from '@bellwether/shared/contract/audit-end';
import type { Order } from '@bellwether/shared/contract/order';
import type { Refusal } from '@bellwether/shared/contract/refusal';
import type { RunnerTrust } from './runner-trust.js';

/** An order that passed the gate, as it is kept on disk. */
export interface AcceptedOrder {
  readonly order: Order;
  /** SHA-256 of the order's payload. */
  readonly digest: string;
}

/** What became of an order that came in. `unchanged`: the accepted one again. A refusal changes nothing. */
export type OrderOutcome =
  | { readonly kind: 'accepted'; readonly accepted: AcceptedOrder }
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'refused';
      readonly refusal: Refusal;
      readonly generation?: number;
      /** Newer keys might let it pass, and it is too soon to ask for them once more: worth another try. */
      readonly isTooSoon?: true;
    };

/** A release as the verified metadata lists it for this device's stage. */
export interface Listing {
  readonly model: string;
  readonly version: string;
  /** Of the manifest. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Versions of the verified metadata. */
export interface MetadataVersions {
  readonly root: number;
  readonly targets: number;
  readonly snapshot: number;
  readonly timestamp: number;
}

/** What the rest of the agent asks of trust. Everything it answers was verified here; nothing else may decide what to believe. */
export interface DeviceTrust {
  /** True while the trusted root carries the signed mark `development`. */
  readonly development: boolean;
  readonly versions: MetadataVersions | null;
  readonly accepted: AcceptedOrder | null;
  /** The highest end of the server's audit log that came with its signed time [T-14]; null before the first. */
  readonly auditHead: AuditEnd | null;
  /**
   * What canary leases live on [T-5]: when signed server time came last that knew of no newer order than the accepted one,
   * monotonic milliseconds; null before the first of this run. Time alone proves nothing to a device whose orders are withheld.
   */
  readonly leaseFromMs: number | null;
  /** Judges an order in the order of [T-6]; an accepted one is on disk, floors with it, before this resolves. Refreshes once when the signing key is unknown. */
  offerOrder(envelope: Uint8Array, signal: AbortSignal): Promise<OrderOutcome>;
  /** Fetches and verifies newer metadata; throws AdmissionRefusal `network`, `metadata-stale`, `metadata-refused`, `listing-policy` or `disk`, and then nothing has changed. */
  refresh(signal: AbortSignal): Promise<void>;
  /** The listing of a release for this stage, from the metadata that stands; throws AdmissionRefusal `not-listed`, `withdrawn`, `listing-policy`, or `metadata-stale` (its role has expired, or nothing was verified yet). */
  find(model: string, version: string): Listing;
  /** True when the stored timestamp has not expired at trusted time: what an install needs [T-8]. */
  isFresh(): boolean;
  /** What a runner needs for its own check. */
  runnerTrust(): RunnerTrust;
  /** What the server's signed time, as heard since the start, has become by now; undefined before the first. Milliseconds since 1970. */
  readonly serverTimeMs: number | undefined;
  /** Takes signed server time (envelope, payload type `time`) bound to our nonce; raises trusted time. False when it does not verify. */
  offerTime(envelope: Uint8Array, deviceNonce: string): boolean;
}
