import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replyWithProblems } from '@bellwether/control-plane/http/error-reply';
import { type Access, actorOf, guardRoutes } from '@bellwether/control-plane/http/route-guard';
import type { Credential } from '@bellwether/control-plane/operators/operator';
import { OperatorError } from '@bellwether/control-plane/operators/operator-error';
import { roles } from '@bellwether/control-plane/operators/role';
import { silentLog } from '@bellwether/shared/log';

let app: FastifyInstance;
let url = '';
beforeEach(async () => {
  app = fastify({ forceCloseConnections: true });
  replyWithProblems(app, silentLog);
  guardRoutes(app, {
    callerOf: (token) => {
      const role = roles.find((each) => each === token);
      if (role === undefined) throw new OperatorError('operator-token-invalid', 'not known');
      return { name: `a-${role}`, role, credential: {} as Credential };
    },
  });
  for (const access of ['public', 'device', ...roles] as const satisfies readonly Access[]) {
    app.get(`/${access}`, { config: { access } }, (request) => ({ actor: actorOf(request) }));
  }
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => app.close());

const ask = (path: string, token?: string) =>
  fetch(url + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

describe('the guard of routes', () => {
  it.each(roles.flatMap((held) => roles.map((needed) => [held, needed] as const)))(
    'judges a %s where a route needs a %s',
    async (held, needed) => {
      const reply = await ask(`/${needed}`, held);
      const allowed = roles.indexOf(held) >= roles.indexOf(needed);
      expect(reply.status).toBe(allowed ? 200 : 403);
      expect(await reply.json()).toMatchObject(
        allowed ? { actor: `operator:a-${held}` } : { code: 'role-insufficient' },
      );
    },
  );

  it('lets anybody use what is public, and a device what brings its own proof', async () => {
    for (const access of ['public', 'device']) {
      expect(await (await ask(`/${access}`)).json()).toEqual({ actor: 'anonymous' });
    }
  });

  it('refuses whoever shows nothing, or what is unknown', async () => {
    for (const role of roles) {
      expect(await (await ask(`/${role}`)).json()).toMatchObject({ status: 401, code: 'operator-token-missing' });
      expect(await (await ask(`/${role}`, 'x')).json()).toMatchObject({ status: 401, code: 'operator-token-invalid' });
    }
  });

  it('guards HEAD as GET', async () => {
    expect((await fetch(`${url}/viewer`, { method: 'HEAD' })).status).toBe(401);
  });

  it('knows what each role may use below the API, so that nobody repeats the table', async () => {
    const other = fastify();
    guardRoutes(other, { callerOf: () => ({ name: 'a', role: 'admin', credential: {} as Credential }) });
    for (const access of ['public', 'device', ...roles] as const) {
      other.post(`/api/v1/${access}/:id`, { config: { access } }, () => ({}));
      other.get(`/elsewhere/${access}`, { config: { access } }, () => ({}));
    }
    expect(other.routesFor('operator')).toEqual(['metrics', 'viewer', 'operator'].map((role) => `POST /${role}/:id`));
    expect(other.routesFor('admin')).toEqual(roles.map((role) => `POST /${role}/:id`));
    await other.close();
  });

  it('lets no route be registered that does not say who may use it', async () => {
    const other = fastify();
    guardRoutes(other, { callerOf: () => ({ name: 'a', role: 'admin', credential: {} as Credential }) });
    expect(() => other.post('/open', () => ({}))).toThrow(/POST \/open does not say who may use it/);
    await other.close();
  });
});
