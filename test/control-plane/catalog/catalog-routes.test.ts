import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signPath } from '@bellwether/control-plane/catalog/signed-url';
import { blobPath, metadataPath } from '@bellwether/shared/contract/http-api';
import { sha256 } from '@bellwether/shared/signing/digest';
import {
  type CatalogServer,
  deviceToken,
  operatorToken,
  startCatalogServer,
  urlSecret,
} from '../../support/catalog-server.js';
import { blobRelease, roleOf, signRole } from '../../support/signed-roles.js';

const blob = Buffer.from('0123456789');
const digest = sha256(blob);
const authorization = `Bearer ${operatorToken}`;

describe('the catalogue’s routes', () => {
  let server: CatalogServer;
  beforeAll(async () => {
    server = await startCatalogServer({ maxBlobBytes: 1000 });
    await server.catalog.storeBlob(digest, Readable.from([blob]));
  });
  afterAll(() => server.remove());

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${server.url}${path}`, { method, headers: { authorization, ...headers } });
  const put = (name: string, body: Uint8Array | string, headers: Record<string, string> = { authorization }) =>
    fetch(`${server.url}/api/v1${blobPath}${name}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', ...headers },
      body,
    });
  const problem = async (reply: Response) => [reply.status, ((await reply.json()) as { code: string }).code];

  describe('serve metadata', () => {
    it('for ever where the name holds the version, and never from a cache where it does not', async () => {
      const root = await get(`${metadataPath}1.root.json`);
      expect(root.headers.get('cache-control')).toContain('immutable');
      expect(await root.json()).toMatchObject({ signed: { _type: 'root' } });
      expect((await get(`${metadataPath}timestamp.json`)).headers.get('cache-control')).toBe('no-cache');
    });

    it('and nothing else of the folder', async () => {
      expect(await problem(await get(`${metadataPath}9.root.json`))).toEqual([404, 'not-found']);
      for (const name of ['..%2F..%2Fkeys%2Fdirector.key', '.1.root.json', 'root.json', '1.targets']) {
        expect((await get(metadataPath + name)).status).toBe(400);
      }
    });
  });

  it('take a request without a body as one without bytes', async () => {
    const bare = (method: string, path: string) => fetch(server.url + path, { method, headers: { authorization } });
    expect(await problem(await bare('PUT', `/api/v1${blobPath}${digest}`))).toEqual([422, 'blob-digest']);
    expect(await problem(await bare('POST', '/api/v1/catalog/roles/staging-digits'))).toEqual([422, 'role-malformed']);
  });

  describe('serve a blob', () => {
    it('whole, under a strong tag, for ever', async () => {
      const reply = await get(blobPath + digest);
      expect(reply.status).toBe(200);
      expect(await reply.text()).toBe('0123456789');
      expect(Object.fromEntries(reply.headers)).toMatchObject({
        etag: `"${digest}"`,
        'accept-ranges': 'bytes',
        'content-length': '10',
        'cache-control': 'private, max-age=31536000, immutable',
      });
    });

    it('in part', async () => {
      const reply = await get(blobPath + digest, { range: 'bytes=2-4' });
      expect(reply.status).toBe(206);
      expect(reply.headers.get('content-range')).toBe('bytes 2-4/10');
      expect(await reply.text()).toBe('234');
    });

    it('whole when the part is of another file', async () => {
      const reply = await get(blobPath + digest, { range: 'bytes=2-4', 'if-range': '"other"' });
      expect([reply.status, await reply.text()]).toEqual([200, '0123456789']);
    });

    it('in part when the part is of this file', async () => {
      const reply = await get(blobPath + digest, { range: 'bytes=8-', 'if-range': `"${digest}"` });
      expect([reply.status, await reply.text()]).toEqual([206, '89']);
    });

    it('not beyond its end', async () => {
      const reply = await get(blobPath + digest, { range: 'bytes=10-' });
      expect([reply.status, reply.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    });

    it('without its bytes on HEAD', async () => {
      const reply = await get(blobPath + digest, {}, 'HEAD');
      expect([reply.status, reply.headers.get('content-length'), await reply.text()]).toEqual([200, '10', '']);
      expect((await get(blobPath + sha256(Buffer.from('x')), {}, 'HEAD')).status).toBe(404);
    });

    it('that is empty', async () => {
      const empty = new Uint8Array();
      expect((await put(sha256(empty), empty)).status).toBe(204);
      const reply = await get(blobPath + sha256(empty));
      expect([reply.status, await reply.text()]).toEqual([200, '']);
    });

    it('only if it is there', async () => {
      expect(await problem(await get(blobPath + '0'.repeat(64)))).toEqual([404, 'not-found']);
      expect((await get(`${blobPath}nonsense`)).status).toBe(400);
    });
  });

  describe('give a blob', () => {
    const path = blobPath + digest;
    const ask = (url: string, bearer?: string) =>
      fetch(server.url + url, {
        redirect: 'manual',
        headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
      });
    const query = ({ expires, signature }: ReturnType<typeof signPath>) => `?expires=${expires}&signature=${signature}`;

    it('to a device with its token, and to an operator', async () => {
      for (const bearer of [deviceToken, operatorToken]) expect((await ask(path, bearer)).status).toBe(200);
    });

    it.each([
      ['without a token', undefined, [401, 'download-token-missing']],
      ['with another token', 'wrong', [401, 'operator-token-invalid']],
      ['with another session’s token', 'not.this.one', [401, 'session-invalid']],
    ])('to nobody %s', async (_who, bearer, want) => {
      expect(await problem(await ask(path, bearer))).toEqual(want);
    });

    it('to whoever holds a signed URL, for caches that all share', async () => {
      const reply = await ask(path + query(signPath(urlSecret, path, Date.now() + 60_000)));
      expect([reply.status, await reply.text()]).toEqual([200, '0123456789']);
      expect(reply.headers.get('cache-control')).toMatch(/^public/);
    });

    it.each([
      ['expired', query(signPath(urlSecret, path, Date.now() - 1000))],
      ['of another path', query(signPath(urlSecret, blobPath + '0'.repeat(64), Date.now() + 60_000))],
      ['of another secret', query(signPath('other', path, Date.now() + 60_000))],
      ['with a later end', query({ ...signPath(urlSecret, path, Date.now() + 60_000), expires: '9999999999' })],
      ['without its end', '?signature=x'],
      ['without its signature', '?expires=9999999999'],
    ])('not for a URL that is %s, even with a token', async (_what, text) => {
      expect(await problem(await ask(path + text, operatorToken))).toEqual([403, 'download-url-invalid']);
    });

    it('that the metadata itself needs, to anybody: a device reads it before it can log in', async () => {
      const { signed } = (await (await ask(`${metadataPath}1.targets.json`)).json()) as {
        readonly signed: {
          readonly targets: Readonly<Record<string, { readonly hashes: { readonly sha256: string } }>>;
        };
      };
      const keys = await ask(blobPath + (signed.targets['keys/online.json']?.hashes.sha256 ?? ''));
      expect([keys.status, await keys.json()]).toMatchObject([200, { epoch: 1 }]);
    });

    it('from a CDN, to devices, when there is one: its signed URL opens the blob here', async () => {
      const other = await startCatalogServer({ cdnUrl: 'https://cdn.example/bellwether/' });
      try {
        await other.catalog.storeBlob(digest, Readable.from([blob]));
        const headers = { authorization: `Bearer ${deviceToken}` };
        const reply = await fetch(other.url + path, { redirect: 'manual', headers });
        const location = new URL(reply.headers.get('location') ?? '');
        expect([reply.status, location.origin, location.pathname]).toEqual([
          307,
          'https://cdn.example',
          `/bellwether${path}`,
        ]);
        expect(reply.headers.get('cache-control')).toBe('no-store');
        expect((await fetch(other.url + path + location.search)).status).toBe(200);
      } finally {
        await other.remove();
      }
    });
  });

  describe('take a blob', () => {
    it('once and again', async () => {
      const bytes = Buffer.from('another blob');
      for (const _ of [1, 2]) expect((await put(sha256(bytes), bytes)).status).toBe(204);
      expect(await (await get(blobPath + sha256(bytes))).text()).toBe('another blob');
    });

    it('not from somebody without the operator’s token', async () => {
      for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
        expect((await put(digest, blob, headers as Record<string, string>)).status).toBe(401);
      }
    });

    it('not with another digest', async () => {
      expect(await problem(await put('0'.repeat(64), blob))).toEqual([422, 'blob-digest']);
      expect((await get(blobPath + '0'.repeat(64))).status).toBe(404);
    });

    it('not when it is too large, and says so before the last byte', async () => {
      const reply = await new Promise<IncomingMessage>((resolve, reject) => {
        const upload = request(`${server.url}/api/v1${blobPath}${digest}`, {
          method: 'PUT',
          headers: { authorization, 'content-type': 'application/octet-stream' },
        });
        upload.on('response', resolve).on('error', reject);
        upload.write(Buffer.alloc(1001)); // and no end
      });
      expect(reply.statusCode).toBe(413);
      expect(JSON.parse(await text(reply))).toMatchObject({ code: 'blob-too-large' });
      reply.destroy();
    });

    it('not as anything but bytes', async () => {
      expect((await put(digest, '{}', { authorization, 'content-type': 'application/json' })).status).toBe(415);
    });
  });

  describe('take a role', () => {
    const post = (body: Uint8Array, role = 'staging-digits') =>
      fetch(`${server.url}/api/v1/catalog/roles/${role}`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: body as Uint8Array<ArrayBuffer>,
      });

    it('byte for byte as it was signed', async () => {
      const release = blobRelease('1.0.0');
      for (const [name, bytes] of release.blobs) expect((await put(name, bytes)).status).toBe(204);
      const bytes = await signRole(server.keys, roleOf('staging', 2, { '1.0.0': release.target }));
      const reply = await post(bytes);
      expect([reply.status, await reply.json()]).toEqual([200, { version: 2 }]);
      expect(await (await get(`${metadataPath}2.staging-digits.json`)).text()).toBe(Buffer.from(bytes).toString());
    });

    it.each([
      ['on a stale base', 409, 'role-changed', roleOf('staging', 1, {}), 'staging-digits'],
      ['with an unknown name', 404, 'role-unknown', roleOf('staging', 3, {}), 'staging-faces'],
      ['of another role', 422, 'role-signature', roleOf('production', 2, {}), 'staging-digits'],
      ['without a release', 409, 'release-removed', roleOf('staging', 3, {}), 'staging-digits'],
    ])('not %s', async (_what, status, code, signed, role) => {
      expect(await problem(await post(await signRole(server.keys, signed), role))).toEqual([status, code]);
    });

    it('not when it is larger than anybody reads', async () => {
      expect((await post(Buffer.alloc(1024 * 1024 + 1))).status).toBe(413);
    });
  });
});
