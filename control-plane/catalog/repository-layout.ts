import type { OnlineKeyUse } from '@bellwether/shared/contract/online-keys';
import { familyOf, parseReleaseId, type ReleaseId } from '@bellwether/shared/ids';

/** How the TUF repository is laid out: its roles, their paths, and how long each lives [T-1]. */

/** Where a release may run. */
export const stages = ['staging', 'production'] as const;
export type Stage = (typeof stages)[number];

/** A delegated role: one stage of one model family. */
export interface RoleId {
  readonly stage: Stage;
  readonly family: string;
}

/** The server's keys that the root names, and those that keys/online.json names. */
export const metadataKeyUses = ['snapshot', 'timestamp'] as const;
export type MetadataKeyUse = (typeof metadataKeyUses)[number];
export const onlineKeyUses = ['director', 'adjuster', 'time', 'verdict'] as const satisfies readonly OnlineKeyUse[];
export type ServerKeyUse = MetadataKeyUse | OnlineKeyUse;

/** True for a use whose keys the root names. */
export function isMetadataKeyUse(use: ServerKeyUse): use is MetadataKeyUse {
  return use === 'snapshot' || use === 'timestamp';
}

/** The signed field in which a targets file names its own role, so that one cannot stand in for another [T-2]. */
export const roleMark = 'x-bw-role';
/** The signed field that marks a development root [T-2]. */
export const developmentMark = 'x-bw-development';
/** The version of the TUF specification that the metadata follows. */
export const tufSpecification = '1.0.31';

/** Metadata is for everybody: any web server may serve the folder. */
export const metadataMode = 0o644;

/** Days that metadata is good for. */
export const lifetimeDays = { root: 365, targets: 365, role: 180, snapshot: 7, timestamp: 1 } as const;

const dayMs = 24 * 60 * 60 * 1000;

/** The end of a lifetime that begins at `nowMs`, as TUF writes it: UTC, whole seconds. */
export function expiryAfter(nowMs: number, days: number): string {
  return new Date(nowMs + days * dayMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The role's name: `staging-digits`. */
export function roleName({ stage, family }: RoleId): string {
  return `${stage}-${family}`;
}

/** Reads a role's name; undefined when it is none of ours. */
export function parseRoleName(name: string): RoleId | undefined {
  const stage = stages.find((each) => name.startsWith(`${each}-`));
  if (stage === undefined) return undefined;
  const family = name.slice(stage.length + 1);
  return /^[a-z0-9]{1,63}$/.test(family) ? { stage, family } : undefined;
}

/** The paths that a role may list, as TUF patterns: the family's own name and everything that begins with it and a dash. */
export function rolePathPatterns({ stage, family }: RoleId): string[] {
  return [`${stage}/${family}/*/manifest.json`, `${stage}/${family}-*/*/manifest.json`];
}

/** A release's target path: `staging/digits/1.4.0/manifest.json`. */
export function targetPath(stage: Stage, { model, version }: ReleaseId): string {
  return `${stage}/${model}/${version}/manifest.json`;
}

/** Reads the path of a release that the role may list; undefined when it is anything else. */
export function releaseAtPath(path: string, role: RoleId): ReleaseId | undefined {
  const [stage, model = '', version = '', file, ...rest] = path.split('/');
  const id = parseReleaseId(`${model}@${version}`);
  const isOurs = stage === role.stage && file === 'manifest.json' && rest.length === 0;
  return isOurs && id !== undefined && familyOf(id.model) === role.family ? id : undefined;
}

/** The file of a role's metadata (consistent snapshots): `4.staging-digits.json`. */
export function metadataFileName(role: string, version: number): string {
  return `${version}.${role}.json`;
}
