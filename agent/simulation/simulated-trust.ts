import type { Clock } from '@bellwether/shared/clock';
import type { Log } from '@bellwether/shared/log';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { AgentConfig } from '../config.js';
import type { DeviceTrust } from '../trust/device-trust.js';
import { DeviceTrustKeeper } from '../trust/device-trust-keeper.js';
import { beginTrust, fromPinnedRoot } from '../trust/pinned-root.js';
import type { Repository } from '../trust/repository.js';
import { restoreTrust, type StandingTrust } from '../trust/restore-trust.js';
import { runnerTrustOf, type TrustConfiguration } from '../trust/trust-configuration.js';
import { trustRules } from '../trust/trust-rules.js';
import type { TrustStore } from '../trust/trust-store.js';

/** A store that keeps nothing: the keeper's own memory is the simulated device's. */
const noStore: TrustStore = { metadataFolder: '', save: () => Promise.resolve() };

/** First trust of every device of the process: the pinned root, verified once. */
export interface FirstTrust {
  readonly standing: StandingTrust;
  readonly configuration: Omit<TrustConfiguration, 'device'>;
}

/** Verifies the root that the configuration pins. Throws TrustError. */
export function firstTrust(root: Uint8Array, { root: given, stage, allowDevelopment }: AgentConfig): FirstTrust {
  const pin = { sha256: given.sha256 ?? sha256(root), allowDevelopment };
  const { stored, rootVersion } = fromPinnedRoot(beginTrust(root, pin), pin);
  const configuration = { stage, allowDevelopment, pinned: { sha256: pin.sha256, version: rootVersion } };
  const nobody = { id: '', fingerprint: '' };
  const trust = runnerTrustOf({ ...configuration, device: nobody }, noStore.metadataFolder, stored.state);
  return { standing: restoreTrust(stored, trust, nobody), configuration };
}

/** One device's trust, by the agent's own rules: its orders, floors and time are its own, metadata comes from `repository`. */
export function simulatedTrust(
  { standing, configuration }: FirstTrust,
  device: TrustConfiguration['device'],
  { repository, clock, log }: { readonly repository: Repository; readonly clock: Clock; readonly log: Log },
): DeviceTrust {
  const parts = { store: noStore, repository, rules: trustRules, clock, log };
  return new DeviceTrustKeeper({ ...parts, configuration: { ...configuration, device } }, standing);
}
