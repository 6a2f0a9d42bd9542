import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AuditPage } from '@bellwether/control-plane/audit/audit-api';
import { buildProgram } from '@bellwether/control-plane/cli/program';
import type { ApiTokenReply, ApiTokenView, Me } from '@bellwether/control-plane/http/people-api';
import { systemClock } from '@bellwether/shared/clock';
import { codeOf } from '@bellwether/shared/errors';
import { RecordedTerminal } from '../support/cli-terminal.js';
import { startServer, type TestServer } from '../support/server.js';

const password = 'correct horse battery';
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  for (const [name, role] of [
    ['alice', 'operator'],
    ['victor', 'viewer'],
  ]) {
    await server.read('/operators', { name, role, password });
  }
});
afterAll(() => server.stop());

const request = (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) =>
  fetch(`${server.httpUrl}/api/v1${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? null : JSON.stringify(body),
  });
const problem = async (reply: Response) => `${reply.status} ${((await reply.json()) as { code: string }).code}`;
/** What the console's own requests carry. */
const own = () => ({ origin: server.httpUrl, 'x-bellwether-request': 'console' });

async function session(name = 'alice'): Promise<string> {
  const reply = await request('POST', '/logins', own(), { name, password, as: 'session' });
  expect(reply.status).toBe(201);
  return (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

describe('a login in the browser', () => {
  it('sets a cookie that no script and no other site can use, and tells no token', async () => {
    const reply = await request('POST', '/logins', own(), { name: 'alice', password, as: 'session' });
    expect(await reply.json()).toMatchObject({ name: 'alice', role: 'operator', token: null });
    const attributes = (reply.headers.get('set-cookie') ?? '').split('; ').slice(1).sort();
    expect(attributes).toEqual(['HttpOnly', 'Max-Age=43200', 'Path=/', 'SameSite=Strict']);
  });

  it('opens what the role may, and ends at once with the logout', async () => {
    const cookie = await session();
    const me = async () => ((await (await request('GET', '/me', { cookie })).json()) as Me).operator;
    expect(await me()).toMatchObject({ name: 'alice', role: 'operator' });
    expect((await request('GET', '/status', { cookie })).status).toBe(200);
    expect(await problem(await request('GET', '/operators', { cookie }))).toBe('403 role-insufficient');
    const logout = await request('DELETE', '/logins/current', { cookie, ...own() });
    expect([logout.status, logout.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect(await me()).toBeNull();
    expect(await problem(await request('GET', '/status', { cookie }))).toBe('401 operator-token-invalid');
  });

  it.each([
    ['without the console’s mark', () => ({ origin: server.httpUrl })],
    ['without an origin', () => ({ 'x-bellwether-request': 'console' })],
    ['from another site', () => ({ ...own(), origin: 'https://evil.example' })],
    ['from another port of this host', () => ({ ...own(), origin: 'http://127.0.0.1:1' })],
    ['from a page without an origin', () => ({ ...own(), origin: 'null' })],
    ['that the browser calls cross-site', () => ({ ...own(), 'sec-fetch-site': 'same-site' })],
  ])('changes nothing by a request %s (CSRF)', async (_what, headers) => {
    const cookie = await session();
    const before = await server.read<{ tokens: unknown[] }>('/tokens');
    expect(await problem(await request('POST', '/tokens', { cookie, ...headers() }, {}))).toBe('403 request-forged');
    expect(await problem(await request('POST', '/logins', headers(), { name: 'alice', password, as: 'session' }))).toBe(
      '403 request-forged',
    );
    expect(await server.read('/tokens')).toEqual(before);
    expect((await request('POST', '/tokens', { cookie, ...own() }, {})).status).toBe(201);
  });
});

describe('an operator', () => {
  it('has no business with production roles, which approvers sign', async () => {
    const cookie = await session();
    const publish = (role: string) => request('POST', `/catalog/roles/${role}`, { cookie, ...own() }, {});
    expect(await problem(await publish('production-digits'))).toBe('403 role-insufficient');
    expect(await problem(await publish('staging-digits'))).toBe('422 role-malformed');
  });
});

describe('a failed login', () => {
  it('says when to come back once there were too many', async () => {
    const wrong = { name: 'nobody', password: 'wrong', as: 'token' };
    const said: string[] = [];
    for (let i = 0; i < 5; i++) said.push(await problem(await request('POST', '/logins', {}, wrong)));
    expect(new Set(said)).toEqual(new Set(['401 login-invalid']));
    const locked = await request('POST', '/logins', {}, wrong);
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(20);
    expect(await problem(locked)).toBe('429 login-locked');
  });
});

describe('a revoked token', () => {
  it('is refused by the next request, and its live feed ends', async () => {
    const made = await server.read<ApiTokenReply>('/api-tokens', { label: 'watch', role: 'viewer', days: 1 });
    const headers = { authorization: `Bearer ${made.token}` };
    const live = await request('GET', '/live', headers);
    const reader = live.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    const revoked = await request('DELETE', `/api-tokens/${made.id}`, {
      authorization: `Bearer ${server.operatorToken}`,
    });
    expect(revoked.status).toBe(204);
    const rest = async () => {
      while ((await reader?.read())?.done === false);
      return 'over';
    };
    expect(await rest().catch(() => 'over')).toBe('over');
    expect(await problem(await request('GET', '/status', headers))).toBe('401 operator-token-invalid');
  });
});

describe('the command line', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-login-'));
    vi.stubEnv('BELLWETHER_LOGIN_FILE', join(folder, 'config', 'login.json'));
    vi.stubEnv('BELLWETHER_SERVER', server.httpUrl);
    await writeFile(join(folder, 'password'), `${password}\n`);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  /** What a verb prints as JSON, or the code of its failure. */
  async function run<Value>(...words: readonly string[]): Promise<Value | string | undefined> {
    const terminal = new RecordedTerminal();
    const program = buildProgram({ terminal, clock: systemClock });
    try {
      await program.parseAsync(['node', 'bellwether', ...words, '--json']);
      return JSON.parse(terminal.stdout) as Value;
    } catch (error) {
      return codeOf(error);
    }
  }
  const asAdmin = () => ['--token', server.operatorToken];

  it('logs in, acts in that role, and logs out here and there', async () => {
    expect(await run('whoami')).toBe('token-missing');
    const login = ['login', '--name', 'alice', '--password-file', join(folder, 'password')];
    expect(await run(...login)).toMatchObject({ name: 'alice', role: 'operator' });
    const file = join(folder, 'config', 'login.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await run('whoami')).toMatchObject({ name: 'alice' });
    expect(await run('operator', 'list')).toBe('role-insufficient');
    const { logins } = JSON.parse(await readFile(file, 'utf8')) as { logins: Record<string, { token: string }> };
    const token = logins[server.httpUrl]?.token ?? '';
    expect(await run('logout')).toEqual({ name: 'alice' });
    expect(await run('whoami')).toBe('token-missing');
    expect(await run('device', 'list', '--token', token)).toBe('operator-token-invalid');
  });

  it('adds, lists, changes and removes operators', async () => {
    const file = ['--password-file', join(folder, 'password')];
    expect(await run('operator', 'add', 'bob', '--role', 'viewer', ...file, ...asAdmin())).toMatchObject({
      name: 'bob',
      hasPassword: true,
    });
    expect(await run('operator', 'add', 'bob', '--role', 'viewer', '--no-password', ...asAdmin())).toBe(
      'operator-exists',
    );
    const endless = ['--role', 'metrics', '--days', 'never-ending'];
    expect(await run('api-token', 'create', 'prometheus', ...endless, ...asAdmin())).toMatchObject({
      role: 'metrics',
      expiresAtMs: null,
    });
    expect(await run('operator', 'add', 'robot', '--role', 'viewer', '--no-password', ...asAdmin())).toMatchObject({
      hasPassword: false,
    });
    expect(await run('operator', 'role', 'bob', 'approver', ...asAdmin())).toEqual({ name: 'bob', role: 'approver' });
    expect(await run('operator', 'password', 'robot', ...file, ...asAdmin())).toEqual({ name: 'robot' });
    expect(await run('operator', 'remove', 'robot', ...asAdmin())).toEqual({ name: 'robot' });
    expect(await run('operator', 'remove', 'robot', ...asAdmin())).toBe('operator-unknown');
    expect(await run('operator', 'remove', 'admin', ...asAdmin())).toBe('last-admin');
    const listed = await run<{ name: string; role: string }[]>('operator', 'list', ...asAdmin());
    expect(listed).toContainEqual(expect.objectContaining({ name: 'bob', role: 'approver' }));
  });

  it('makes, lists and revokes API tokens', async () => {
    const made = await run<ApiTokenReply>(
      'api-token',
      'create',
      'for ci',
      '--role',
      'operator',
      '--days',
      '7',
      ...asAdmin(),
    );
    const { id, token } = made as ApiTokenReply;
    expect(await run('device', 'list', '--token', token)).toEqual([]);
    const listed = await run<readonly ApiTokenView[]>('api-token', 'list', ...asAdmin());
    expect(listed).toContainEqual(expect.objectContaining({ id, label: 'for ci', role: 'operator' }));
    expect(JSON.stringify(listed)).not.toContain(token);
    expect(await run('api-token', 'revoke', id, ...asAdmin())).toEqual({ id });
    expect(await run('device', 'list', '--token', token)).toBe('operator-token-invalid');
  });
});

describe('the audit log', () => {
  /** What `audit verify` finds, on a copy of the rows that `change` has had in its hands. */
  async function verified(change: (lines: string[]) => readonly string[]) {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-audit-'));
    const run = async (...words: readonly string[]) => {
      const terminal = new RecordedTerminal();
      const program = buildProgram({ terminal, clock: systemClock });
      const to = ['--json', '--server', server.httpUrl, '--token', server.operatorToken];
      const failure = await program.parseAsync(['node', 'bellwether', 'audit', ...words, ...to]).then(
        () => undefined,
        (error: unknown) => codeOf(error),
      );
      return { failure, printed: JSON.parse(terminal.stdout) as { found: { kind: string }[] } };
    };
    try {
      const [head, rows] = [join(folder, 'head.json'), join(folder, 'rows.jsonl')];
      expect((await run('export', '--out', rows)).failure).toBeUndefined();
      expect((await run('head', '--out', head)).failure).toBeUndefined();
      expect(await run('verify', '--head', head)).toMatchObject({ failure: undefined, printed: { found: [] } });
      const lines = (await readFile(rows, 'utf8')).trimEnd().split('\n');
      await writeFile(
        rows,
        change(lines)
          .map((line) => `${line}\n`)
          .join(''),
      );
      const { failure, printed } = await run('verify', '--head', head, '--rows', rows);
      return [failure, ...printed.found.map(({ kind }) => kind)];
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  it('is exported, signed and verified; what somebody does to it has its own word', async () => {
    expect(await verified((lines) => lines)).toEqual([undefined]);
    expect(await verified((lines) => lines.slice(0, -1))).toEqual(['audit-broken', 'truncated']);
    expect(await verified((lines) => lines.toSpliced(1, 1))).toEqual(['audit-broken', 'removed']);
    expect(await verified((lines) => lines.map((line) => line.replace('alice', 'mallory')).slice())).toContain(
      'altered',
    );
    expect(await verified(([a = '', b = '', ...rest]) => [b, a, ...rest])).toEqual(['audit-broken', 'reordered']);
  });

  it('has each of these decisions, with who took it', async () => {
    const { rows } = await server.read<AuditPage>('/audit/rows?limit=1000');
    const said = new Set(rows.map(({ actor, action }) => `${actor} ${action}`));
    for (const line of [
      'server operator.add',
      'operator:admin operator.add',
      'operator:alice login.enter',
      'operator:alice login.end',
      'anonymous login.fail',
      'operator:alice join-token.create',
      'operator:admin api-token.create',
      'operator:admin api-token.revoke',
      'operator:admin operator.role',
      'operator:admin operator.password',
      'operator:admin operator.remove',
    ]) {
      expect(said).toContain(line);
    }
  });
});
