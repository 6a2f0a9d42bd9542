import type { Order } from '@bellwether/shared/contract/order';
import { familyOf } from '@bellwether/shared/ids';
import { roleNameOf } from '@bellwether/shared/trust/listing-policy';
import { type Floors, raisedFloors } from './floors.js';
import type { Metadata } from './metadata.js';
import { AdmissionRefusal } from './refusal.js';
import type { RefreshedMetadata } from './repository.js';
import type { TrustRules } from './trust-rules.js';

/** The roles of every family that is ordered, or was before: a rollback may need it without a network. */
export function wantedRoles(order: Order | undefined, { current }: Metadata): string[] {
  const ordered = Object.keys(order?.models ?? {}).map(familyOf);
  const stored = [...(current?.leaves.keys() ?? [])].map((role) => role.split('-')[1] ?? role);
  const families = [...new Set([...ordered, ...stored])];
  return families.flatMap((family) => [roleNameOf('staging', family), roleNameOf('production', family)]);
}

/**
 * What the repository's verifier does not judge: policy and floors of our own. Answers with the floors from now on; throws
 * AdmissionRefusal `listing-policy` or `metadata-refused`.
 */
export function acceptedFloors(
  { newRoots, read }: Pick<RefreshedMetadata, 'newRoots' | 'read'>,
  floors: Floors,
  { rules, allowDevelopment }: { readonly rules: TrustRules; readonly allowDevelopment: boolean },
): Floors {
  const breach = newRoots.map((root) => rules.root(root, allowDevelopment)).find((each) => each !== undefined);
  const policy = breach ?? (read.current === null ? undefined : rules.targets(read.current.targets));
  if (policy !== undefined) throw new AdmissionRefusal('listing-policy', policy);
  const standing = rules.standingFloors(floors, read);
  const rollback = rules.floors(standing, read);
  if (rollback !== undefined) throw new AdmissionRefusal('metadata-refused', rollback);
  return raisedFloors(standing, read);
}
