import { findListing } from '@bellwether/agent/trust/listing';
import type { TrustRules } from '@bellwether/agent/trust/trust-rules';
import type { Attack } from '../support/attack.js';
import { onDevice } from '../support/attack-on-device.js';
import { attackRelease, evilRelease } from '../support/attack-release.js';
import { tufWithout } from '../support/lenient-tuf-core.js';
import { roleOf } from '../support/signed-repository.js';

/** Asks the staging role only, as a staging device does. */
const withoutApproval: TrustRules['listing'] = (release, sources) =>
  findListing(release, { ...sources, stage: 'staging' });

/** Attacks on a production device without an approver's key. */
export const attacks: readonly Attack[] = [
  onDevice({
    id: 'four-eyes-two-publishers',
    row: 'signs the production role with a second publisher’s key',
    attacker: 'director + publisher',
    code: 'not-listed',
    control: 'signatures of metadata (agent/trust/repository-tuf-core.ts)',
    open: { update: tufWithout('signatures'), runner: true },
    genuine: ['order', 'snapshot', 'staging-digits', 'timestamp'],
    attack: async (world) => {
      world.repository.leaf('production-digits').signers = [world.repository.keys.publisher];
      await world.repository.addRelease(evilRelease);
      return world.offer(evilRelease);
    },
  }),
  onDevice({
    id: 'four-eyes-one-person',
    row: 'signs both roles with one key, after targets have been talked into naming it in both',
    attacker: 'director + publisher',
    code: 'listing-policy',
    control: 'disjoint keys of a family’s two roles (targetsProblem, shared/trust/listing-policy.ts)',
    open: { rules: { targets: () => undefined }, runner: true },
    genuine: ['order'],
    attack: async (world) => {
      const { repository } = world;
      Object.assign(repository.delegation('production-digits'), roleOf([repository.keys.publisher]));
      repository.leaf('production-digits').signers = [repository.keys.publisher];
      await repository.publish('targets');
      await repository.addRelease(evilRelease);
      return world.offer(evilRelease);
    },
  }),
  onDevice({
    id: 'four-eyes-other-bytes',
    row: 'has the approver list harmless bytes, and stages others under the same version',
    attacker: 'director + publisher',
    code: 'not-listed',
    control: 'both roles list the same digest (findListing, agent/trust/listing.ts)',
    open: { rules: { listing: withoutApproval }, runner: true },
    genuine: ['order', 'production-digits', 'snapshot', 'staging-digits', 'timestamp'],
    attack: async (world) => {
      const harmless = attackRelease(evilRelease.version, 'harmless');
      await world.repository.addRelease({ ...harmless, staging: false });
      await world.repository.addRelease({ ...evilRelease, production: false });
      return world.offer(evilRelease);
    },
  }),
  onDevice({
    id: 'four-eyes-unapproved',
    row: 'stages a release and orders it from a production device, without an approver',
    attacker: 'director + publisher',
    code: 'not-listed',
    control: 'the production role is asked (findListing, agent/trust/listing.ts)',
    open: { rules: { listing: withoutApproval }, runner: true },
    genuine: ['order', 'snapshot', 'staging-digits', 'timestamp'],
    attack: async (world) => {
      await world.repository.addRelease({ ...evilRelease, production: false });
      return world.offer(evilRelease);
    },
  }),
];
