import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Actor } from '../audit/audit-row.js';
import { bearerKinds, type Caller, type CredentialKind } from '../operators/operator.js';
import { OperatorError } from '../operators/operator-error.js';
import { isRole, mayActAs, type Role } from '../operators/role.js';
import { refuseForeign, sessionSecret } from './session-cookie.js';

/** Who may use a route: anybody; a device, which brings its own proof and is judged by the route; or operators from this role on. */
export type Access = 'public' | 'device' | Role;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route says this: `config: { access: 'viewer' }`. One that does not cannot be registered. */
    access?: Access;
  }
  interface FastifyInstance {
    /** The routes below /api/v1 that somebody in this role may use: `POST /devices/:id/approve`. */
    routesFor(role: Role): string[];
  }
  interface FastifyRequest {
    /** Who sends it, on routes for operators. */
    caller: Caller | null;
  }
}

/** Routes of libraries, which cannot say their own: the page and the API's description, both for anybody. */
const libraryRoutes = /^\/(?:\*|docs(?:\/.*)?)$/;

const apiPath = /^\/api\/v1(\/.*)$/;

/** What the guard asks: who shows this. Throws OperatorError. */
export interface Gate {
  callerOf(secret: string, kinds: readonly CredentialKind[]): Caller;
}

/** What a request shows, and the kinds of credential that are taken in that place. */
export interface Shown {
  readonly secret: string;
  readonly kinds: readonly CredentialKind[];
}

/**
 * Lets each request pass that its route's access allows, before anything of its body is read. Add it before any route:
 * a route without an access is a mistake that ends the start, and not an open door.
 */
export function guardRoutes(app: FastifyInstance, gate: Gate): void {
  app.decorateRequest('caller', null);
  const known: { readonly route: string; readonly needed: Role }[] = [];
  app.decorate('routesFor', (role) => known.flatMap(({ route, needed }) => (mayActAs(role, needed) ? route : [])));
  app.addHook('onRoute', ({ method, url, config }) => {
    const access = config?.access;
    if (access !== undefined) {
      const path = apiPath.exec(url)?.[1];
      if (path !== undefined && isRole(access) && method !== 'HEAD')
        known.push({ route: `${String(method)} ${path}`, needed: access });
      return;
    }
    if (libraryRoutes.test(url)) return;
    throw new Error(`${String(method)} ${url} does not say who may use it: give it config: { access: … }`);
  });
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access ?? 'public';
    if (access === 'public' || access === 'device') return;
    request.caller = admitted(request, gate, access);
  });
}

/** Whoever decides by this request, for the audit log. */
export function actorOf({ caller }: FastifyRequest): Actor {
  return caller === null ? 'anonymous' : `operator:${caller.name}`;
}

/** Refuses whoever may use the route but not do this with it; throws OperatorError `role-insufficient`. */
export function requireRole(caller: Caller, needed: Role): void {
  if (mayActAs(caller.role, needed)) return;
  throw new OperatorError('role-insufficient', `this needs the role ${needed}, and ${caller.name} is ${caller.role}`);
}

/** Who sends this request, on a route for operators. */
export function signedIn({ caller }: FastifyRequest): Caller {
  if (caller === null) throw new OperatorError('operator-token-missing', 'nobody is logged in');
  return caller;
}

/** A Bearer token (RFC 6750), or else the console's cookie; undefined when there is neither. */
export function shownBy(request: FastifyRequest): Shown | undefined {
  const token = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token !== undefined) return { secret: token, kinds: bearerKinds };
  const session = sessionSecret(request);
  return session === undefined ? undefined : { secret: session, kinds: ['session'] };
}

function admitted(request: FastifyRequest, gate: Gate, needed: Role): Caller {
  const shown = shownBy(request);
  if (shown === undefined) {
    throw new OperatorError('operator-token-missing', 'this needs an operator’s token: Authorization: Bearer …');
  }
  const caller = gate.callerOf(shown.secret, shown.kinds);
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  if (changes && caller.credential.kind === 'session') refuseForeign(request);
  requireRole(caller, needed);
  return caller;
}
