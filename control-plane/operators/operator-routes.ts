import { Type } from '@bellwether/shared/schema';
import { OperatorList, OperatorRequest, OperatorView, PasswordChange, RoleChange } from '../http/people-api.js';
import { signedIn } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import { type Operator, operatorNamePattern } from './operator.js';
import type { Operators } from './operators.js';
import type { PasswordHasher } from './password-hash.js';
import { checkPassword } from './password-rules.js';

interface OperatorRouteParts {
  readonly operators: Operators;
  readonly hasher: PasswordHasher;
}

const tags = ['people'];
const params = Type.Object({ name: Type.String({ pattern: operatorNamePattern }) });
const done = { 204: Type.Null() };
const admins = { access: 'admin' } as const;

/** `GET|POST /operators`, `PATCH|DELETE /operators/:name`, `PUT /operators/:name/password`. */
export function operatorRoutes(app: TypedApp, { operators, hasher }: OperatorRouteParts): void {
  const list = { summary: 'Everybody with an account', tags, response: { 200: OperatorList } };
  app.get('/operators', { config: admins, schema: list }, () => ({ operators: operators.all().map(viewOf) }));
  const addition = { summary: 'Adds an operator', tags, body: OperatorRequest, response: { 201: OperatorView } };
  app.post('/operators', { config: admins, schema: addition }, async (request, reply) => {
    const { name, role, password } = request.body;
    const hash = password === undefined ? null : await hashed(name, password);
    return reply.code(201).send(viewOf(operators.add(signedIn(request).name, { name, role, password: hash })));
  });
  const change = { summary: 'Sets the role', tags, params, body: RoleChange, response: { 200: OperatorView } };
  app.patch('/operators/:name', { config: admins, schema: change }, async (request, reply) =>
    reply.send(viewOf(operators.setRole(signedIn(request).name, request.params.name, request.body.role))),
  );
  const removal = { summary: 'Removes an operator and all that lets them in', tags, params, response: done };
  app.delete('/operators/:name', { config: admins, schema: removal }, async (request, reply) => {
    operators.remove(signedIn(request).name, request.params.name);
    return reply.code(204).send(null);
  });
  const password = {
    summary: 'Sets a password; ends their logins',
    tags,
    params,
    body: PasswordChange,
    response: done,
  };
  app.put('/operators/:name/password', { config: admins, schema: password }, async (request, reply) => {
    const { name } = request.params;
    operators.find(name);
    operators.setPassword(signedIn(request).name, name, await hashed(name, request.body.password));
    return reply.code(204).send(null);
  });

  async function hashed(name: string, plain: string): Promise<string> {
    checkPassword(name, plain);
    return hasher.hash(plain);
  }
}

function viewOf({ name, role, password, createdAtMs }: Operator): OperatorView {
  return { name, role, hasPassword: password !== null, createdAtMs };
}
