import { lifetimeDays } from './repository-layout.js';
import type { RepositoryState } from './repository-state.js';

type Signed = Pick<RepositoryState, 'snapshot' | 'timestamp'>;

/** When the next of the files that the server signs is at half of its life, in milliseconds since 1970. */
export function nextSigningAt(signed: Signed): number {
  return Math.min(...halfLives(signed));
}

/** What is due; a new snapshot brings a new timestamp. */
export function dueSigning(signed: Signed, nowMs: number): 'snapshot' | 'timestamp' | undefined {
  const [snapshotMs, timestampMs] = halfLives(signed);
  if (snapshotMs <= nowMs) return 'snapshot';
  return timestampMs <= nowMs ? 'timestamp' : undefined;
}

function halfLives({ snapshot, timestamp }: Signed): readonly [number, number] {
  return [halfLife(snapshot.expiresMs, lifetimeDays.snapshot), halfLife(timestamp.expiresMs, lifetimeDays.timestamp)];
}

function halfLife(expiresMs: number, days: number): number {
  return expiresMs - (days * 24 * 60 * 60 * 1000) / 2;
}
