import { randomBytes } from 'node:crypto';
import type { Clock } from '@bellwether/shared/clock';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { TokenReply, TokenRequest } from '../http/operator-api.js';
import type { FleetStore } from './fleet-store.js';

const defaults = { uses: 1, hours: 24 };

/** Makes a join token of 192 random bits. It is told this once; what stays is its digest, which needs no salt at that length [T-10]. */
export async function createJoinToken(store: FleetStore, clock: Clock, request: TokenRequest): Promise<TokenReply> {
  const token = `bwj_${randomBytes(24).toString('base64url')}`;
  const id = randomBytes(6).toString('hex');
  const uses = request.uses ?? defaults.uses;
  const createdAtMs = clock.now().wallMs;
  const expiresAtMs = createdAtMs + (request.hours ?? defaults.hours) * 3_600_000;
  await store.insertToken({
    id,
    digest: sha256(Buffer.from(token)),
    labels: request.labels ?? {},
    uses,
    createdAtMs,
    expiresAtMs,
  });
  return { id, token, expiresAtMs, uses };
}
