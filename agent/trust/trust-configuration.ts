import type { Stage } from './listing.js';
import type { RunnerTrust } from './runner-trust.js';
import type { TrustState } from './trust-store.js';

/** Local configuration: no order changes it [T-5]. */
export interface TrustConfiguration {
  readonly device: { readonly id: string; readonly fingerprint: string };
  readonly stage: Stage;
  readonly allowDevelopment: boolean;
  /** The root that everything is checked from. */
  readonly pinned: { readonly sha256: string; readonly version: number };
}

/** What a runner is told, and what the boot's own verification goes by. */
export function runnerTrustOf(
  { pinned, stage, allowDevelopment }: TrustConfiguration,
  metadataFolder: string,
  { floors }: Pick<TrustState, 'floors'>,
): RunnerTrust {
  const roles = Object.fromEntries(Object.entries(floors.roles).map(([name, floor]) => [name, floor.version]));
  return {
    metadataFolder,
    rootSha256: pinned.sha256,
    rootVersion: pinned.version,
    stage,
    allowDevelopment,
    floors: { root: floors.root, targets: roles['targets'] ?? 0, roles },
  };
}
