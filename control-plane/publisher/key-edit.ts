import type { OnlineKeys, OnlineKeyUse } from '@bellwether/shared/contract/online-keys';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import {
  expiryAfter,
  lifetimeDays,
  type MetadataKeyUse,
  parseRoleName,
  roleName,
  rolePathPatterns,
  stages,
} from '../catalog/repository-layout.js';
import type { RoleFile, RootFile, TargetsFile } from '../catalog/role-file.js';
import { requireFamily } from './family.js';
import { stageKeyUse } from './first-metadata.js';
import { PublisherError } from './publisher-error.js';

/** Whose key it is: those that people hold. */
export const peoplesUses = ['root', 'targets', 'publisher', 'approver'] as const;
export type PeoplesUse = (typeof peoplesUses)[number];

/** A change of one use's keys: one comes, one goes, or one takes another's place. Public keys, 64 hex digits. */
export interface KeyEdit {
  readonly use: PeoplesUse;
  readonly add?: string;
  readonly remove?: string;
}

type Keys = RootFile['signed']['keys'];
interface Holders {
  readonly keyids: readonly string[];
  readonly threshold: number;
}

/** The next root with other keys for root or targets; undefined when the edit is about neither. Throws PublisherError. */
export function editRoot({ signed }: RootFile, edit: KeyEdit, nowMs: number): RootFile['signed'] | undefined {
  const { use } = edit;
  if (use !== 'root' && use !== 'targets') return undefined;
  const roles = { ...signed.roles, [use]: editHolders(signed.roles[use], edit) };
  const used = Object.values(roles).flatMap(({ keyids }) => keyids);
  return { ...renewed(signed, lifetimeDays.root, nowMs), keys: editKeys(signed.keys, edit, used), roles };
}

/** The next targets with other keys for every family's staging or production; undefined when the edit is about neither. Throws PublisherError. */
export function editTargets({ signed }: TargetsFile, edit: KeyEdit, nowMs: number): TargetsFile['signed'] | undefined {
  if (edit.use !== 'publisher' && edit.use !== 'approver') return undefined;
  const { keys, roles: before } = signed.delegations;
  const roles = before.map((role) => {
    const id = parseRoleName(role.name);
    return id !== undefined && stageKeyUse(id.stage) === edit.use ? { ...role, ...editHolders(role, edit) } : role;
  });
  const used = roles.flatMap(({ keyids }) => keyids);
  return { ...renewed(signed, lifetimeDays.targets, nowMs), delegations: { keys: editKeys(keys, edit, used), roles } };
}

/** The next root with the server's successors for snapshot or timestamp, one key each. */
export function editServerKeys(
  { signed }: RootFile,
  successors: ReadonlyMap<MetadataKeyUse, string>,
  nowMs: number,
): RootFile['signed'] {
  const changed = [...successors].map(([use, key]) => [use, { keyids: [keyIdOf(key)], threshold: 1 }] as const);
  const roles = { ...signed.roles, ...Object.fromEntries(changed) };
  const used = Object.values(roles).flatMap(({ keyids }) => keyids);
  const keys = [...successors.values()].reduce((all, add) => editKeys(all, { add }, used), signed.keys);
  return { ...renewed(signed, lifetimeDays.root, nowMs), keys: editKeys(keys, {}, used), roles };
}

/** The next targets with a family more, for the holders of the first one that is there. Throws PublisherError `family`. */
export function withFamily({ signed }: TargetsFile, family: string, nowMs: number): TargetsFile['signed'] {
  const { keys, roles } = signed.delegations;
  requireFamily(family);
  const added = stages.map((stage) => {
    const name = roleName({ stage, family });
    const model = roles.find((role) => parseRoleName(role.name)?.stage === stage);
    if (model === undefined || roles.some((role) => role.name === name)) {
      throw new PublisherError(
        'family',
        `the repository has the family ${family} already, or none whose holders could sign for it`,
      );
    }
    const { keyids, threshold } = model;
    return { name, keyids: [...keyids], threshold, terminating: true, paths: rolePathPatterns({ stage, family }) };
  });
  return { ...renewed(signed, lifetimeDays.targets, nowMs), delegations: { keys, roles: [...roles, ...added] } };
}

/** keys/online.json with other keys for some uses; its epoch is one higher after a theft. */
export function withSuccessors(
  { epoch, keys, ...rest }: OnlineKeys,
  successors: ReadonlyMap<OnlineKeyUse, string>,
  stolen: boolean,
): OnlineKeys {
  const others = keys.filter((key) => !successors.has(key.use));
  const next = [...successors].map(([use, key]) => ({ keyid: keyIdOf(key), public: key, use }));
  return { ...rest, epoch: stolen ? epoch + 1 : epoch, keys: [...others, ...next] };
}

/** The next version of a file with a whole lifetime before it, and everything else as it was. */
export function renewed<T extends RootFile['signed'] | TargetsFile['signed'] | RoleFile['signed']>(
  signed: T,
  days: number,
  nowMs: number,
): T {
  return { ...signed, version: signed.version + 1, expires: expiryAfter(nowMs, days) };
}

function editHolders({ keyids, threshold }: Holders, { use, add, remove }: KeyEdit) {
  const gone = remove === undefined ? undefined : keyIdOf(remove);
  const come = add === undefined ? undefined : keyIdOf(add);
  if (gone !== undefined && !keyids.includes(gone)) {
    throw new PublisherError('key-unknown', `${remove} is no key of ${use}`);
  }
  if (come !== undefined && keyids.includes(come))
    throw new PublisherError('key-known', `${add} is a key of ${use} already`);
  const next = [...keyids.filter((id) => id !== gone), ...(come === undefined ? [] : [come])];
  if (next.length >= threshold) return { keyids: next, threshold };
  throw new PublisherError(
    'key-needed',
    `${use} needs ${threshold} keys and would have ${next.length}: put another in its place with keys rotate`,
  );
}

function editKeys(keys: Keys, { add }: Pick<KeyEdit, 'add'>, used: readonly string[]): Keys {
  const all: Keys =
    add === undefined
      ? keys
      : { ...keys, [keyIdOf(add)]: { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: add } } };
  return Object.fromEntries(Object.entries(all).filter(([id]) => used.includes(id)));
}
