import type { CurrentBytes, MetadataBytes } from './metadata.js';
import { restoreTrust, type StandingTrust } from './restore-trust.js';
import type { RunnerTrust } from './runner-trust.js';
import { type StoredTrust, TrustError } from './trust-store.js';

/** Trust as it stands, and what had to be done for it. */
export interface RepairedTrust {
  readonly standing: StandingTrust;
  /**
   * `whole`: nothing. `restored`: a torn file was replaced by the one of the set before. `missing`: none of the metadata
   * stands until it has been fetched again; until then nothing can be verified, so nothing serves.
   */
  readonly kind: 'whole' | 'restored' | 'missing';
}

/**
 * What is stored, verified as restoreTrust does; and where metadata is torn, whatever of the set before it makes it whole
 * again. The floors are kept apart from the metadata (trust.json), and hold for each way out: no way leads back behind
 * what was believed. Metadata alone is restored so; an order or root that does not hold is still `state-corrupt` (TrustError).
 */
export function repairTrust(
  stored: StoredTrust,
  before: MetadataBytes | null,
  trust: RunnerTrust,
  device: { readonly id: string },
): RepairedTrust {
  const attempt = (current: CurrentBytes | null): StandingTrust | TrustError => {
    try {
      return restoreTrust({ state: stored.state, metadata: { roots: stored.metadata.roots, current } }, trust, device);
    } catch (error) {
      if (error instanceof TrustError) return error;
      throw error;
    }
  };
  const whole = attempt(stored.metadata.current);
  if (!(whole instanceof TrustError)) return { standing: whole, kind: 'whole' };
  for (const candidate of candidates(stored.metadata.current, before?.current ?? null)) {
    const standing = attempt(candidate);
    if (!(standing instanceof TrustError)) return { standing, kind: 'restored' };
  }
  const empty = attempt(null);
  if (empty instanceof TrustError) throw whole;
  return { standing: empty, kind: 'missing' };
}

/**
 * The torn set with one file of the one before in its place, each file in turn; then all that were there before, if they
 * know every role: one that is missing would look as if it listed nothing.
 */
function* candidates(torn: CurrentBytes | null, before: CurrentBytes | null): Generator<CurrentBytes> {
  if (torn === null || before === null) return;
  for (const name of ['timestamp', 'snapshot', 'targets', 'onlineKeys'] as const)
    yield { ...torn, [name]: before[name] };
  for (const [name, leaf] of before.leaves) yield { ...torn, leaves: new Map([...torn.leaves, [name, leaf]]) };
  if ([...torn.leaves.keys()].every((name) => before.leaves.has(name))) yield before;
}
