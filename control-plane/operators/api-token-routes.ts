import { Type } from '@bellwether/shared/schema';
import { ApiTokenList, ApiTokenReply, ApiTokenRequest, type ApiTokenView } from '../http/people-api.js';
import { signedIn } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import type { ApiTokens } from './api-tokens.js';
import type { Credential } from './operator.js';

const tags = ['people'];
const params = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{12}$' }) });
const everybody = { access: 'viewer' } as const;

/** `GET|POST /api-tokens`, `DELETE /api-tokens/:id`. */
export function apiTokenRoutes(app: TypedApp, { tokens }: { readonly tokens: ApiTokens }): void {
  const list = {
    summary: 'One’s own tokens and logins; an admin’s are everybody’s',
    tags,
    response: { 200: ApiTokenList },
  };
  app.get('/api-tokens', { config: everybody, schema: list }, (request) => ({
    tokens: tokens.visibleTo(signedIn(request)).map(viewOf),
  }));
  const creation = {
    summary: 'A token for a program; shown this once',
    tags,
    body: ApiTokenRequest,
    response: { 201: ApiTokenReply },
  };
  app.post('/api-tokens', { config: everybody, schema: creation }, async (request, reply) => {
    const { credential, secret } = tokens.create(signedIn(request), request.body);
    return reply.code(201).send({ ...viewOf(credential), token: secret });
  });
  const removal = { summary: 'Ends a token or a login at once', tags, params, response: { 204: Type.Null() } };
  app.delete('/api-tokens/:id', { config: everybody, schema: removal }, async (request, reply) => {
    tokens.revoke(signedIn(request), request.params.id);
    return reply.code(204).send(null);
  });
}

function viewOf({ id, kind, operator, label, role, createdAtMs, expiresAtMs }: Credential): ApiTokenView {
  return { id, kind, operator, label, role, createdAtMs, expiresAtMs };
}
