import { lifetimeDays, parseRoleName } from './repository-layout.js';
import type { RepositoryState } from './repository-state.js';
import { expiresMs } from './role-file.js';

/** A file that has to be signed again soon: a third of its life is left, or less. */
export interface ExpiringFile {
  readonly role: string;
  readonly expiresAtMs: number;
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * What of the repository runs out: root, targets and roles are for their holders to renew (bellwether keys renew);
 * snapshot and timestamp the server signs at half of their life, so that they show up only when that fails. The soonest first.
 */
export function expiringFiles(state: Omit<RepositoryState, 'rootSha256' | 'unsound'>, nowMs: number): ExpiringFile[] {
  const { root, targets, roles, snapshot, timestamp } = state;
  const files: readonly (readonly [string, number, number])[] = [
    ['root', expiresMs(root.signed), lifetimeDays.root],
    ['targets', expiresMs(targets.file.signed), lifetimeDays.targets],
    ['snapshot', snapshot.expiresMs, lifetimeDays.snapshot],
    ['timestamp', timestamp.expiresMs, lifetimeDays.timestamp],
    ...[...roles]
      .filter(([name]) => parseRoleName(name) !== undefined)
      .map(([name, { file }]) => [name, expiresMs(file.signed), lifetimeDays.role] as const),
  ];
  return files
    .filter(([, expiresAtMs, days]) => expiresAtMs - nowMs <= (days * dayMs) / 3)
    .map(([role, expiresAtMs]) => ({ role, expiresAtMs: Math.max(0, expiresAtMs) }))
    .toSorted((a, b) => a.expiresAtMs - b.expiresAtMs);
}
