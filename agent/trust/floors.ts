import { publicKeysFor } from '@bellwether/shared/contract/online-keys';
import type { Metadata } from './metadata.js';
import type { TrustState } from './trust-store.js';
import type { RootFile, TargetsFile } from './tuf-documents.js';

/** The lowest versions that may be believed [T-7]; `roles` holds timestamp, snapshot, targets and the delegated roles. */
export type Floors = TrustState['floors'];
/** The highest version of a role that was believed, and the ids of the keys that had signed it. */
type Floor = Floors['roles'][string];

/** Of a root: its version, and the ids of the keys that it trusts online. */
export interface OnlineTrust {
  readonly version: number;
  readonly timestamp: readonly string[];
  readonly snapshot: readonly string[];
}

/**
 * True when a newer root no longer trusts a key that signed the timestamp or snapshot floor: that is how TUF recovers
 * from stolen online keys and the versions run up with them (specification §5.3.11).
 */
export function onlineKeysReplaced({ root, roles }: Floors, trusted: OnlineTrust): boolean {
  if (trusted.version <= root) return false;
  return !stands(roles['timestamp'], trusted.timestamp) || !stands(roles['snapshot'], trusted.snapshot);
}

/**
 * The floors that hold under this metadata: all, unless the online keys were replaced. Then those of timestamp and
 * snapshot fall, and each other one whose signers are no longer all trusted.
 */
export function standingFloors(floors: Floors, { root, current }: Metadata): Floors {
  if (current === null || !onlineKeysReplaced(floors, onlineTrustOf(root))) return floors;
  const standing = Object.entries(floors.roles).filter(
    ([name, floor]) =>
      name !== 'timestamp' && name !== 'snapshot' && stands(floor, signersOf(name, root, current.targets)),
  );
  return { root: floors.root, roles: Object.fromEntries(standing) };
}

/**
 * True when the time floor falls too: a newer root replaced the online keys, and keys/online.json names none of those
 * that had signed the time. Their thief may have run it up until nothing would ever be fresh again.
 */
export function timeFloorFalls(floors: Floors, timeSigners: readonly string[], { root, current }: Metadata): boolean {
  if (current === null || timeSigners.length === 0 || !onlineKeysReplaced(floors, onlineTrustOf(root))) return false;
  const trusted = publicKeysFor(current.onlineKeys, 'time');
  return timeSigners.every((key) => !trusted.includes(key));
}

/** Which file lies below its floor, in one sentence; undefined when none does. */
export function belowFloor(floors: Floors, metadata: Metadata): string | undefined {
  const rootVersion = metadata.root.signed.version;
  if (rootVersion < floors.root) return sentence('root', rootVersion, floors.root);
  for (const [name, file] of filesOf(metadata)) {
    const floor = floors.roles[name]?.version ?? 0;
    if (file.signed.version < floor) return sentence(name, file.signed.version, floor);
  }
  return undefined;
}

/** The floors after this metadata was believed; none sinks here, whoever let a lower version pass. Ids of keys that may not sign the role are left out: anybody can add them. */
export function raisedFloors(floors: Floors, metadata: Metadata): Floors {
  const { root, current } = metadata;
  const raised = filesOf(metadata).map(([name, file]): [string, Floor] => {
    const before = floors.roles[name];
    if (before !== undefined && before.version > file.signed.version) return [name, before];
    const trusted = current === null ? [] : signersOf(name, root, current.targets);
    const keyids = file.signatures.map((each) => each.keyid).filter((id) => trusted.includes(id));
    return [name, { version: file.signed.version, keyids }];
  });
  return { root: root.signed.version, roles: { ...floors.roles, ...Object.fromEntries(raised) } };
}

type VersionedFile = Pick<TargetsFile, 'signatures'> & { readonly signed: { readonly version: number } };

function filesOf({ current }: Metadata): [string, VersionedFile][] {
  if (current === null) return [];
  const { timestamp, snapshot, targets, leaves } = current;
  return [['timestamp', timestamp], ['snapshot', snapshot], ['targets', targets], ...leaves];
}

/** Ids of the keys that may sign a role now. */
function signersOf(name: string, root: RootFile, targets: TargetsFile): readonly string[] {
  if (name === 'timestamp' || name === 'snapshot' || name === 'targets') return root.signed.roles[name].keyids;
  return targets.signed.delegations?.roles.find((role) => role.name === name)?.keyids ?? [];
}

function onlineTrustOf({ signed }: RootFile): OnlineTrust {
  const { timestamp, snapshot } = signed.roles;
  return { version: signed.version, timestamp: timestamp.keyids, snapshot: snapshot.keyids };
}

function stands(floor: Floor | undefined, trustedKeyIds: readonly string[]): boolean {
  return floor === undefined || floor.keyids.every((id) => trustedKeyIds.includes(id));
}

function sentence(name: string, got: number, floor: number): string {
  return `${name}.json has version ${got}, below ${floor}, which was believed before`;
}
