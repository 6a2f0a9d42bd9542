import { Type } from '@bellwether/shared/schema';
import { LoginReply, LoginRequest, Me, OwnPassword } from '../http/people-api.js';
import { shownBy, signedIn } from '../http/route-guard.js';
import { refuseForeign, sessionCookie } from '../http/session-cookie.js';
import type { TypedApp } from '../http/typed-app.js';
import { type Logins, loginMs } from './logins.js';
import { OperatorError } from './operator-error.js';
import type { Operators } from './operators.js';

interface LoginRouteParts {
  readonly logins: Logins;
  readonly operators: Operators;
}

const tags = ['people'];
const done = { 204: Type.Null() };

/** `POST /logins`, `DELETE /logins/current`, `GET /me`, `PUT /me/password`. */
export function loginRoutes(app: TypedApp, { logins, operators }: LoginRouteParts): void {
  const entry = { summary: 'Logs a person in', tags, security: [], body: LoginRequest, response: { 201: LoginReply } };
  app.post('/logins', { config: { access: 'public' }, schema: entry }, async (request, reply) => {
    const isSession = request.body.as === 'session';
    // Nobody is made to log in to an account of somebody else's choice, either.
    if (isSession) refuseForeign(request);
    const { operator, credential, secret } = await logins.enter(request.body, request.ip);
    const { name, role } = operator;
    if (isSession) reply.header('set-cookie', sessionCookie(request, secret, loginMs / 1000));
    const { expiresAtMs } = credential;
    return reply.code(201).send({ name, role, expiresAtMs, token: isSession ? null : secret });
  });
  const end = { summary: 'Ends this login', tags, response: done };
  app.delete('/logins/current', { config: { access: 'viewer' }, schema: end }, async (request, reply) => {
    const { name, credential } = signedIn(request);
    if (credential.kind === 'api-token') {
      throw new OperatorError('not-a-login', `this is the API token ${credential.id}: revoke it, if that is meant`);
    }
    operators.revoke(name, credential.id, 'login.end');
    return reply
      .header('set-cookie', sessionCookie(request, '', 0))
      .code(204)
      .send(null);
  });
  const me = { summary: 'Who one is here', tags, security: [], response: { 200: Me } };
  app.get('/me', { config: { access: 'public' }, schema: me }, (request) => {
    const caller = known(request, operators);
    return { operator: caller === null ? null : { ...caller, may: app.routesFor(caller.role) } };
  });
  const own = { summary: 'Sets one’s own password', tags, body: OwnPassword, response: done };
  app.put('/me/password', { config: { access: 'viewer' }, schema: own }, async (request, reply) => {
    await logins.changeOwn(signedIn(request).name, { ...request.body, address: request.ip });
    return reply.code(204).send(null);
  });
}

function known(
  request: Parameters<typeof shownBy>[0],
  operators: Operators,
): Omit<NonNullable<Me['operator']>, 'may'> | null {
  const shown = shownBy(request);
  if (shown === undefined) return null;
  try {
    const { name, role, credential } = operators.callerOf(shown.secret, shown.kinds);
    return { name, role, expiresAtMs: credential.expiresAtMs };
  } catch (cause) {
    if (cause instanceof OperatorError) return null;
    throw cause;
  }
}
