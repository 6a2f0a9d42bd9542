import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiTokenReply, ApiTokenView, OperatorView } from '@bellwether/control-plane/http/people-api';
import { initDevelopmentKeys } from '@bellwether/control-plane/publisher/key-set-disk';
import { untilClosed } from '../support/raw-http.js';
import { startServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const codeOf = async (reply: Response) => `${reply.status} ${((await reply.json()) as { code: string }).code}`;

/** What the server at `url` answers to these very bytes, until it closes the connection. */
async function exchange(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(request, 'latin1');
  return untilClosed(socket);
}

describe('headers', () => {
  const head = (...lines: readonly string[]) =>
    `${['GET /healthz HTTP/1.1', 'Host: x', ...lines].join('\r\n')}\r\n\r\n`;

  it.each([
    ['a NUL in a value', head('X-A: a\0b', 'Connection: close')],
    ['a bare carriage return in a value', head('X-A: a\rSet-Cookie: b', 'Connection: close')],
    ['a blank before the colon', head('X-A : b', 'Connection: close')],
    ['two lengths', head('Content-Length: 1', 'Content-Length: 2')],
    [
      'a length and chunks at once, to smuggle a second request',
      head('Content-Length: 5', 'Transfer-Encoding: chunked'),
    ],
    ['more than 16 kB', head(`X-A: ${'a'.repeat(20_000)}`)],
  ])('with %s are refused', async (_what, request) => {
    const reply = await exchange(server.httpUrl, request);
    expect(reply).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(reply.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  });

  it('of answers hold nothing that a request put there', async () => {
    const marker = 'split%0d%0aSet-Cookie:%20planted=1';
    for (const path of [`/api/v1/${marker}`, `/api/v1/devices/${marker}`, `/?${marker}`, `/blobs/sha256/${marker}`]) {
      const reply = await exchange(server.httpUrl, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const [headers = ''] = reply.split('\r\n\r\n');
      expect(headers.toLowerCase()).not.toContain('planted');
      expect(headers.toLowerCase()).not.toMatch(/^(?:set-cookie|location|x-powered-by|server):/m);
    }
  });
});

describe('SQL', () => {
  const hostile = `'); drop table operators; --`;

  it('in values is text, and comes back as it was sent', async () => {
    const { id } = await server.read<ApiTokenReply>('/api-tokens', { label: hostile, role: 'viewer', days: 1 });
    const { tokens } = await server.read<{ tokens: ApiTokenView[] }>('/api-tokens');
    expect(tokens.find((each) => each.id === id)?.label).toBe(hostile);
    const { operators } = await server.read<{ operators: OperatorView[] }>('/operators');
    expect(operators.map(({ name }) => name)).toEqual(['admin']);
  });

  it.each([
    [`/rollouts/${encodeURIComponent(`r1' or '1'='1`)}`, '404 rollout-unknown'],
    [`/devices/${encodeURIComponent(`x' or 1=1 --`)}`, '400 path-invalid'],
    [`/releases/digits/${encodeURIComponent(`1.0.0' --`)}`, '400 path-invalid'],
    [`/audit/rows?after=${encodeURIComponent('0 or 1=1')}`, '400 query-invalid'],
    [`/events?limit=${encodeURIComponent('1; drop table events')}`, '400 query-invalid'],
  ])('in %s finds nothing', async (path, want) => {
    expect(await codeOf(await server.api(path))).toBe(want);
  });

  it('as a token or a name opens nothing', async () => {
    for (const token of [`'or'1'='1`, `x'--`, '%', '*']) {
      const headers = { authorization: `Bearer ${token}` };
      expect(await codeOf(await fetch(`${server.httpUrl}/api/v1/status`, { headers }))).toBe(
        '401 operator-token-invalid',
      );
    }
    const login = { name: `admin'--`, password: 'x', as: 'token' };
    expect(await codeOf(await server.api('/logins', login))).toBe('400 body-invalid');
  });
});

describe('HTML', () => {
  it('in a path, a name or a value is never sent as a page', async () => {
    const script = '<script>alert(1)</script>';
    await server.read('/api-tokens', { label: script, role: 'viewer', days: 1 });
    for (const path of [`/${encodeURIComponent(script)}`, `/devices/${encodeURIComponent(script)}`, '/api-tokens']) {
      const reply = await server.api(path);
      expect(reply.headers.get('content-type')).toMatch(/^application\/(?:problem\+)?json/);
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
      expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  it.each(['line\nbreak', 'escape\u001b[31m', 'null\0', 'back\u009bwards'])(
    'nor terminals: a label %j is refused',
    async (label) => {
      expect(await codeOf(await server.api('/api-tokens', { label, role: 'viewer', days: 1 }))).toBe(
        '400 body-invalid',
      );
    },
  );
});

describe('bodies', () => {
  const post = (path: string, body: string) =>
    fetch(`${server.httpUrl}/api/v1${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

  it.each([
    ['larger than 64 kB', JSON.stringify({ name: 'a'.repeat(70_000) }), '413 body-too-large'],
    ['nested 30,000 deep', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, '400 body-invalid'],
    ['with a prototype', '{"__proto__":{"role":"admin"},"name":"a","password":"b","as":"token"}', '400 body-invalid'],
    ['with a constructor', '{"constructor":{"prototype":{"x":1}},"name":"a"}', '400 body-invalid'],
    ['with a field too many', '{"name":"a","password":"b","as":"token","role":"admin"}', '400 body-invalid'],
    ['that is a number', '1', '400 body-invalid'],
  ])('%s are refused, before anybody is logged in', async (_what, body, want) => {
    expect(await codeOf(await post('/logins', body))).toBe(want);
  });

  it('of 64 kB and more are not waited for', async () => {
    const head =
      'POST /api/v1/logins HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{';
    expect(await exchange(server.httpUrl, head)).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('an error of the server’s own', () => {
  it('tells nobody outside what went wrong', async () => {
    const own = await startServer(['digits'], { logLevel: 'silent' });
    const database = new BetterSqlite3(join(own.data, 'bellwether.sqlite'));
    try {
      database.exec('alter table audit_rows rename to elsewhere');
      const reply = await own.api('/tokens', {});
      const said = await reply.text();
      expect(JSON.parse(said)).toEqual({
        type: 'about:blank',
        title: 'Server error',
        status: 500,
        code: 'internal',
        detail: 'the server could not answer; its log says why',
      });
      for (const [, value] of reply.headers) expect(value).not.toMatch(/audit_rows|sqlite|node_modules/i);
    } finally {
      database.close();
      await own.stop();
    }
  });
});

describe('the log', () => {
  it('has one line for one event, whatever a request says: no forged lines, nothing that commands a terminal', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-log-'));
    await initDevelopmentKeys(join(folder, 'keys'), ['digits'], Date.now());
    const program = fileURLToPath(import.meta.resolve('@bellwether/control-plane/cli/main'));
    const words = ['serve', '--json', '--data', join(folder, 'data'), '--keys', join(folder, 'keys', 'server')];
    const ports = ['--http-port', '0', '--mqtt-port', '0', '--log-level', 'debug'];
    const child = spawn(process.execPath, [program, ...words, ...ports], { stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      const log = text(child.stderr);
      const [ready] = (await once(child.stdout, 'data')) as [Buffer];
      const { httpUrl } = JSON.parse(ready.toString()) as { httpUrl: string };
      const forged = 'x%0d%0a{"level":30,"msg":"forged"}%1b[2J';
      // The audit table is gone: every login is an error that the log tells with its request.
      const database = new BetterSqlite3(join(folder, 'data', 'bellwether.sqlite'));
      database.exec('alter table audit_rows rename to elsewhere');
      database.close();
      const body = JSON.stringify({ name: 'nobody', password: '\r\n{"forged":1}\u001b[2J', as: 'token' });
      for (const path of [`/api/v1/logins?${forged}`, `/api/v1/${forged}`, `/api/v1/devices/${forged}`]) {
        const headers = { 'content-type': 'application/json', 'user-agent': 'a {"msg":"forged"}', 'x-request-id': 'b' };
        await fetch(httpUrl + path, { method: 'POST', headers, body });
      }
      child.kill('SIGTERM');
      const lines = (await log).trimEnd().split('\n');
      expect(lines.join('\n')).toContain('A request failed');
      for (const line of lines) {
        expect(JSON.parse(line)).not.toMatchObject({ msg: 'forged' });
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        expect(line).not.toContain('forged\\":1');
      }
    } finally {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  });
});
