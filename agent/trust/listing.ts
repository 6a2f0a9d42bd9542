import type { Refusal } from '@bellwether/shared/contract/refusal';
import { familyOf, formatReleaseId, type ReleaseId } from '@bellwether/shared/ids';
import { type ListingPolicy, roleNameOf } from '@bellwether/shared/trust/listing-policy';
import type { Listing } from './device-trust.js';
import { AdmissionRefusal } from './refusal.js';
import type { Delegation, RootFile, TargetEntry, TargetsFile } from './tuf-documents.js';

export type Stage = 'staging' | 'production';

/** Verified metadata, and what this device was told about it. */
export interface ListingSources {
  readonly root: RootFile;
  readonly targets: TargetsFile;
  /** The delegated roles that were verified, by name. */
  readonly leaves: ReadonlyMap<string, TargetsFile>;
  /** Why a delegated role's newest file was not believed, by name. */
  readonly problems: ReadonlyMap<string, Refusal>;
  readonly stage: Stage;
  readonly allowDevelopment: boolean;
  readonly policy: ListingPolicy;
}

/**
 * Finds a release as [T-1] asks: in staging listed by its staging role, in production by both roles with the same length
 * and digest. Each path is looked up in its one named role, and a tombstone of either counts. Throws AdmissionRefusal
 * `listing-policy`, `withdrawn`, `not-listed`, or `metadata-stale` when a role has expired.
 */
export function findListing(release: ReleaseId, sources: ListingSources): Listing {
  const family = familyOf(release.model);
  const { policy } = sources;
  refuse(policy.root(sources.root, sources.allowDevelopment) ?? policy.targets(sources.targets));
  const staging = openLeaf('staging', family, sources);
  const production = openLeaf('production', family, sources);
  for (const leaf of [staging, production]) requireNotWithdrawn(release, leaf);
  const staged = listed('staging', release, staging, sources);
  if (sources.stage === 'production') {
    const approved = listed('production', release, production, sources);
    if (staged.length !== approved.length || staged.hashes.sha256 !== approved.hashes.sha256) {
      const digests = `${staged.hashes.sha256} in staging, ${approved.hashes.sha256} in production`;
      throw new AdmissionRefusal('not-listed', `${formatReleaseId(release)} is listed as ${digests}`);
    }
  }
  return { ...release, sha256: staged.hashes.sha256, bytes: staged.length };
}

interface Leaf {
  readonly stage: Stage;
  readonly delegation: Delegation;
  readonly file: TargetsFile;
}

/** The verified file of a role with its delegation; undefined when there is none. */
function openLeaf(stage: Stage, family: string, { targets, leaves, policy }: ListingSources): Leaf | undefined {
  const name = roleNameOf(stage, family);
  const delegation = targets.signed.delegations?.roles.find((role) => role.name === name);
  const file = leaves.get(name);
  if (delegation === undefined || file === undefined) return undefined;
  refuse(policy.leaf(name, file));
  return { stage, delegation, file };
}

function requireNotWithdrawn(release: ReleaseId, leaf: Leaf | undefined): void {
  const reason = entryOf(release, leaf)?.custom?.withdrawn;
  if (reason === undefined) return;
  throw new AdmissionRefusal('withdrawn', `${formatReleaseId(release)} was withdrawn from ${leaf?.stage}: ${reason}`);
}

/** The entry in the role's file, when the delegation lets the role speak of it. */
function entryOf({ model, version }: ReleaseId, leaf: Leaf | undefined): TargetEntry | undefined {
  if (leaf === undefined) return undefined;
  const family = familyOf(model);
  const pattern = `${leaf.stage}/${model === family ? family : `${family}-*`}/*/manifest.json`;
  if (!leaf.delegation.paths.includes(pattern)) return undefined;
  return leaf.file.signed.targets[`${leaf.stage}/${model}/${version}/manifest.json`];
}

function listed(stage: Stage, release: ReleaseId, leaf: Leaf | undefined, { problems }: ListingSources): TargetEntry {
  const entry = entryOf(release, leaf);
  if (entry !== undefined) return entry;
  const name = roleNameOf(stage, familyOf(release.model));
  const problem = problems.get(name);
  const why = problem === undefined ? '' : `, whose newest file is not believed: ${problem.message}`;
  throw new AdmissionRefusal(
    problem?.code ?? 'not-listed',
    `${formatReleaseId(release)} is not listed by ${name}${why}`,
  );
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new AdmissionRefusal('listing-policy', problem);
}
