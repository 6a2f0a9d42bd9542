import type { ApiTokenReply, ApiTokenRequest } from '@bellwether/control-plane/http/people-api';
import type { ServerWorld } from './server-world.js';

/** A request as an attacker writes it: a path below /api/v1. */
export interface PeopleRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The password of everybody in these tests. */
export const password = 'correct horse battery';

/** What the console's own requests carry. */
export const consoleHeaders = ({ server }: ServerWorld) => ({
  origin: server.httpUrl,
  'x-bellwether-request': 'console',
});

/** Sends a request below /api/v1 with these headers and no others. */
export function ask(
  { server }: ServerWorld,
  path: string,
  { method = 'POST', headers = {}, body = {} }: PeopleRequest,
): Promise<Response> {
  const hasBody = method !== 'GET' && method !== 'DELETE';
  return fetch(`${server.httpUrl}/api/v1${path}`, {
    method,
    headers: { ...headers, ...(hasBody ? { 'content-type': 'application/json' } : {}) },
    ...(hasBody ? { body: JSON.stringify(body) } : {}),
  });
}

/** The code of a refusal; `passed` when it was done. */
export async function codeOfReply(reply: Response): Promise<string> {
  if (reply.ok) return 'passed';
  return ((await reply.json()) as { readonly code: string }).code;
}

/** Adds an operator with a password. */
export async function addOperator({ server }: ServerWorld, name: string, role = 'operator'): Promise<void> {
  await server.read('/operators', { name, role, password });
}

/** The cookie of somebody who has logged in at the console; `planted` is what their browser had before. */
export async function loggedIn(world: ServerWorld, name: string, planted?: string): Promise<string> {
  const headers = { ...consoleHeaders(world), ...(planted === undefined ? {} : { cookie: planted }) };
  const reply = await ask(world, '/logins', { headers, body: { name, password, as: 'session' } });
  if (!reply.ok) throw new Error(`${name} cannot log in: ${await codeOfReply(reply)}`);
  return (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

/** A new API token, made by the first admin or whoever shows another one. */
export async function newToken({ server }: ServerWorld, request: Partial<ApiTokenRequest>): Promise<ApiTokenReply> {
  return server.read('/api-tokens', { label: 'of an attack', role: 'viewer', days: 7, ...request });
}

/** The header of whoever shows a token. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
