import { randomBytes } from 'node:crypto';
import type { Clock } from '@bellwether/shared/clock';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { Actor, AuditTrail } from '../audit/audit-row.js';
import type { TokenReply, TokenRequest, TokenView } from '../http/operator-api.js';
import type { Device } from './device.js';
import { FleetError } from './fleet-error.js';
import type { FleetStore, JoinToken } from './fleet-store.js';

const defaults = { uses: 1, hours: 24 };

interface TokenMaking {
  readonly store: Pick<FleetStore, 'insertToken'>;
  readonly clock: Clock;
  readonly audit: AuditTrail;
  readonly by: Actor;
}

/**
 * Makes a join token of 192 random bits. It is told this once; what stays is its digest, which needs no salt at that length
 * [T-10]. On record before it opens anything [T-14].
 */
export async function createJoinToken(
  { store, clock, audit, by }: TokenMaking,
  request: TokenRequest,
): Promise<TokenReply> {
  const token = `bwj_${randomBytes(24).toString('base64url')}`;
  const id = randomBytes(6).toString('hex');
  const uses = request.uses ?? defaults.uses;
  const createdAtMs = clock.now().wallMs;
  const expiresAtMs = createdAtMs + (request.hours ?? defaults.hours) * 3_600_000;
  const kind = request.kind ?? 'auto';
  audit.record({ actor: by, action: 'join-token.create', subject: id, details: { uses, expiresAtMs } });
  await store.insertToken({
    id,
    kind,
    digest: sha256(Buffer.from(token)),
    labels: request.labels ?? {},
    uses,
    usesLeft: uses,
    createdAtMs,
    expiresAtMs,
    revokedAtMs: null,
  });
  return { id, token, kind, expiresAtMs, uses };
}

/** Why nobody can join by this token any more; undefined while somebody can. */
export function refusalOf(token: JoinToken, nowMs: number): FleetError | undefined {
  const { id, uses, usesLeft, expiresAtMs, revokedAtMs } = token;
  if (revokedAtMs !== null) return new FleetError('token-revoked', `the join token ${id} was revoked`);
  if (expiresAtMs <= nowMs) {
    return new FleetError('token-expired', `the join token ${id} expired at ${new Date(expiresAtMs).toISOString()}`);
  }
  if (usesLeft <= 0)
    return new FleetError('token-spent', `the join token ${id} has been used ${uses} times, its limit`);
  return undefined;
}

/** A token as the operator sees it, with the devices that came by it. */
export function tokenView(token: JoinToken, devices: readonly Device[]): TokenView {
  const { digest: _digest, ...view } = token;
  return { ...view, devices: devices.filter(({ tokenId }) => tokenId === token.id).map(({ id }) => id) };
}
