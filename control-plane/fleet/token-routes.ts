import type { Clock } from '@bellwether/shared/clock';
import { TokenReply, TokenRequest } from '../http/operator-api.js';
import type { TypedApp } from '../http/typed-app.js';
import type { FleetStore } from './fleet-store.js';
import { createJoinToken } from './join-tokens.js';

interface TokenParts {
  readonly store: FleetStore;
  readonly clock: Clock;
}

/** `POST /tokens` */
export function tokenRoutes(app: TypedApp, { store, clock }: TokenParts): void {
  const schema = {
    summary: 'A token with which devices join; it is shown this once',
    tags: ['devices'],
    body: TokenRequest,
    response: { 201: TokenReply },
  };
  app.post('/tokens', { schema }, async ({ body }, reply) =>
    reply.code(201).send(await createJoinToken(store, clock, body)),
  );
}
