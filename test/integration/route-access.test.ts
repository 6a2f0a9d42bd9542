import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiTokenReply } from '@bellwether/control-plane/http/people-api';
import { type Role, roles } from '@bellwether/control-plane/operators/role';
import { startServer, type TestServer } from '../support/server.js';

/**
 * Who may use what, said a second time: the least role that is let through, or what else the route asks for. A route that
 * is not here fails.
 */
const expected: Readonly<Record<string, Role | 'public' | 'device'>> = {
  'GET /api/v1/alerts': 'viewer',
  'GET /api/v1/alerts/rules': 'viewer',
  'GET /api/v1/alerts/silences': 'viewer',
  'POST /api/v1/alerts/silences': 'operator',
  'POST /api/v1/alerts/silences/{id}/end': 'operator',
  'GET /api/v1/alerts/{id}': 'viewer',
  'POST /api/v1/alerts/{id}/acknowledge': 'operator',
  'GET /api/v1/api-tokens': 'viewer',
  'POST /api/v1/api-tokens': 'viewer',
  'DELETE /api/v1/api-tokens/{id}': 'viewer',
  'GET /api/v1/audit/heads': 'approver',
  'POST /api/v1/audit/heads': 'approver',
  'GET /api/v1/audit/rows': 'approver',
  'GET /api/v1/asyncapi.json': 'public',
  'PUT /api/v1/blobs/sha256/{sha256}': 'operator',
  'POST /api/v1/catalog/roles/{role}': 'operator',
  'GET /api/v1/consumers': 'admin',
  'POST /api/v1/consumers': 'admin',
  'POST /api/v1/consumers/{name}/revoke': 'admin',
  'GET /api/v1/devices': 'viewer',
  'GET /api/v1/devices/{id}': 'viewer',
  'GET /api/v1/devices/{id}/inquiries': 'operator',
  'POST /api/v1/devices/{id}/inquiries': 'operator',
  'GET /api/v1/devices/{id}/inquiries/{inquiry}': 'operator',
  'POST /api/v1/inquiries/{inquiry}/answer': 'device',
  'POST /api/v1/devices/{id}/approve': 'approver',
  'POST /api/v1/devices/{id}/decommission': 'operator',
  'POST /api/v1/devices/{id}/reject': 'approver',
  'POST /api/v1/enrolments': 'device',
  'POST /api/v1/devices/{id}/approve-key': 'approver',
  'POST /api/v1/key-rotations': 'device',
  'POST /api/v1/catalog/gc': 'admin',
  'POST /api/v1/catalog/trust': 'operator',
  'POST /api/v1/catalog/online-keys/{use}': 'operator',
  'POST /api/v1/releases/{model}/{version}/promotion': 'operator',
  'POST /api/v1/releases/{model}/{version}/rejection': 'approver',
  'GET /api/v1/events': 'viewer',
  'GET /api/v1/events.csv': 'viewer',
  'GET /api/v1/live': 'viewer',
  'POST /api/v1/logins': 'public',
  'DELETE /api/v1/logins/current': 'viewer',
  'GET /api/v1/me': 'public',
  'PUT /api/v1/me/password': 'viewer',
  'GET /api/v1/operators': 'admin',
  'POST /api/v1/operators': 'admin',
  'DELETE /api/v1/operators/{name}': 'admin',
  'PATCH /api/v1/operators/{name}': 'admin',
  'PUT /api/v1/operators/{name}/password': 'admin',
  'GET /api/v1/releases': 'viewer',
  'GET /api/v1/releases/{model}/{version}': 'viewer',
  'GET /api/v1/rollouts': 'viewer',
  'POST /api/v1/rollouts': 'operator',
  'GET /api/v1/rollouts/{id}': 'viewer',
  'GET /api/v1/rollouts/{id}/devices': 'viewer',
  'GET /api/v1/rollouts/{id}/verdicts': 'viewer',
  'GET /api/v1/rollouts/{id}/verdicts/{number}': 'viewer',
  'POST /api/v1/rollouts/preview': 'operator',
  'POST /api/v1/devices/{id}/pin': 'operator',
  'POST /api/v1/devices/{id}/unpin': 'operator',
  'POST /api/v1/rollouts/{id}/approve': 'approver',
  'POST /api/v1/rollouts/{id}/pause': 'operator',
  'POST /api/v1/rollouts/{id}/resume': 'operator',
  'POST /api/v1/rollouts/{id}/abort': 'operator',
  'POST /api/v1/rollouts/{id}/retry': 'operator',
  'POST /api/v1/rollouts/{id}/promote': 'operator',
  'POST /api/v1/rollouts/{id}/rollback': 'operator',
  'GET /api/v1/schemas/{name}': 'public',
  'POST /api/v1/sessions': 'device',
  'POST /api/v1/sessions/nonce': 'device',
  'GET /api/v1/status': 'viewer',
  'GET /api/v1/telemetry/rejected': 'operator',
  'GET /api/v1/telemetry/series': 'viewer',
  'GET /api/v1/telemetry/series.csv': 'viewer',
  'GET /api/v1/telemetry/drift': 'viewer',
  'GET /api/v1/telemetry/summary': 'viewer',
  'GET /api/v1/tokens': 'operator',
  'POST /api/v1/tokens': 'operator',
  'POST /api/v1/tokens/{id}/revoke': 'operator',
  'GET /api/v1/webhooks': 'admin',
  'POST /api/v1/webhooks': 'admin',
  'POST /api/v1/webhooks/{name}/remove': 'admin',
  'POST /api/v1/webhooks/{name}/rotate': 'admin',
  'POST /api/v1/webhooks/{name}/test': 'admin',
  'GET /blobs/sha256/{sha256}': 'device',
  'HEAD /blobs/sha256/{sha256}': 'device',
  'GET /metrics': 'metrics',
  'GET /repository/metadata/{file}': 'public',
};

let server: TestServer;
/** As the running server says them: `GET /api/v1/status` and who may use it. */
let routes: ReadonlyArray<readonly [route: string, access: string]>;
const tokens = new Map<Role, string>();

beforeAll(async () => {
  server = await startServer();
  const { paths } = (await (await fetch(`${server.httpUrl}/docs/json`)).json()) as {
    paths: Record<string, Record<string, { 'x-access'?: string }>>;
  };
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, about]) => [`${method.toUpperCase()} ${path}`, about['x-access'] ?? 'nothing'] as const,
    ),
  );
  for (const role of roles) {
    const { token } = await server.read<ApiTokenReply>('/api-tokens', { label: 'test', role, days: 1 });
    tokens.set(role, token);
  }
});
afterAll(() => server.stop());

/** What the guard says, before it looks at anything else of the request: `pass`, or the code of its refusal. */
async function verdict(route: string, token: string | undefined): Promise<string> {
  const [method = '', path = ''] = route.split(' ');
  const url = server.httpUrl + path.replaceAll(/\{[^}]*\}/g, 'x');
  const over = new AbortController();
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const reply = await fetch(url, { method, headers, signal: over.signal });
  const text = await (route.endsWith('/live') && reply.ok ? '' : reply.text());
  const isProblem = text !== '' && reply.headers.get('content-type')?.includes('problem+json') === true;
  const { code } = isProblem ? (JSON.parse(text) as { code: string }) : { code: 'pass' };
  over.abort();
  return ['operator-token-missing', 'operator-token-invalid', 'role-insufficient'].includes(code) ? code : 'pass';
}

describe('every route', () => {
  it('is in the table of this test, and says the same as it', () => {
    expect(expected).toEqual(Object.fromEntries(routes));
  });

  it('lets each role through that may, and nobody else', async () => {
    const wrong: string[] = [];
    for (const [route] of routes) {
      const access = expected[route] ?? 'public';
      const needed = roles.indexOf(access as Role);
      const want = (held: number) => (needed <= held ? 'pass' : 'role-insufficient');
      const said = [
        [await verdict(route, undefined), needed < 0 ? 'pass' : 'operator-token-missing', 'nobody'],
        [await verdict(route, 'bwo_unknown'), needed < 0 ? 'pass' : 'operator-token-invalid', 'a stranger'],
      ];
      for (const [held, role] of roles.entries()) {
        said.push([await verdict(route, tokens.get(role)), want(held), role]);
      }
      wrong.push(...said.flatMap(([is, should, who]) => (is === should ? [] : [`${who}: ${route} said ${is}`])));
    }
    expect(wrong).toEqual([]);
  });
});
