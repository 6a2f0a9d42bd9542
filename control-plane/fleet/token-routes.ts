import type { Clock } from '@bellwether/shared/clock';
import { Type } from '@bellwether/shared/schema';
import type { AuditTrail } from '../audit/audit-row.js';
import { TokenList, TokenReply, TokenRequest, TokenRevocation } from '../http/operator-api.js';
import { actorOf } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import type { DeviceDecisions } from './device-decisions.js';
import type { Fleet } from './fleet.js';
import type { FleetStore } from './fleet-store.js';
import { createJoinToken, tokenView } from './join-tokens.js';

interface TokenParts {
  readonly store: FleetStore;
  readonly fleet: Fleet;
  readonly decisions: DeviceDecisions;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

const params = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{12}$' }) });

/** `POST /tokens`, `GET /tokens`, `POST /tokens/:id/revoke` */
export function tokenRoutes(app: TypedApp, { store, fleet, decisions, clock, audit }: TokenParts): void {
  const tags = ['devices'];
  const creation = {
    summary: 'A token with which devices join; it is shown this once',
    tags,
    body: TokenRequest,
    response: { 201: TokenReply },
  };
  app.post('/tokens', { config: { access: 'operator' }, schema: creation }, async (request, reply) => {
    const created = await createJoinToken({ store, clock, audit, by: actorOf(request) }, request.body);
    return reply.code(201).send(created);
  });
  const list = async () => ({ tokens: (await store.tokens()).map((token) => tokenView(token, fleet.all())) });
  app.get(
    '/tokens',
    {
      config: { access: 'operator' },
      schema: { summary: 'Every join token, and who came by it', tags, response: { 200: TokenList } },
    },
    list,
  );
  const revocation = {
    summary: 'Nobody joins by this token any more',
    tags,
    params,
    body: TokenRevocation,
    response: { 200: TokenList },
  };
  app.post('/tokens/:id/revoke', { config: { access: 'operator' }, schema: revocation }, async (request, reply) => {
    const { id } = request.params;
    const decommission = request.body.decommission ?? false;
    await decisions.revokeToken(id, { decommission, by: actorOf(request) });
    return reply.send(await list());
  });
}
