import type { ExpiringFile } from '../catalog/expiring.js';
import type { CloneAlert } from '../http/status-api.js';
import type { Reading } from './reading.js';

const dayMs = 86_400_000;

export interface ServerSight {
  readonly nowMs: number;
  /** When the server's certificate ends; undefined: it has none. */
  readonly certificateEndMs: number | undefined;
  readonly expiring: readonly ExpiringFile[];
  readonly clones: readonly CloneAlert[];
}

/** What the server knows by itself: what runs out, and who has a twin. */
export function* serverReadings({ nowMs, certificateEndMs, expiring, clones }: ServerSight): Generator<Reading> {
  const fleet = { subject: {}, device: null } as const;
  if (certificateEndMs !== undefined) {
    yield { rule: 'certificate-expiry', ...fleet, value: (certificateEndMs - nowMs) / dayMs };
  }
  const [soonest] = expiring;
  if (soonest !== undefined) {
    const detail = expiring.map(({ role }) => role).join(', ');
    yield { rule: 'metadata-expiry', ...fleet, value: (soonest.expiresAtMs - nowMs) / dayMs, detail };
  }
  for (const { device, atMs } of clones) {
    yield { rule: 'clone', subject: { device }, device, value: (nowMs - atMs) / 3_600_000, sinceMs: atMs };
  }
}
