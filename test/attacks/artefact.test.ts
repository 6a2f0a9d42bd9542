import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blobPath, metadataPath } from '@bellwether/shared/contract/http-api';
import { rawRequest } from '../support/raw-http.js';
import { startServer, type TestServer } from '../support/server.js';
import { testServerAttacks } from '../support/server-attack-tests.js';
import { blobBytes, storedBlob } from '../support/server-blob.js';
import { attacks } from './artefact-paths.js';

testServerAttacks(attacks);

/** What has one right answer for everybody, and no guard that could be taken out. */
describe('the artefact server', () => {
  let server: TestServer;
  let blob: string;
  let headers: Readonly<Record<string, string>>;
  beforeAll(async () => {
    server = await startServer();
    blob = blobPath + (await storedBlob(server));
    headers = { authorization: `Bearer ${server.operatorToken}` };
  });
  afterAll(() => server.stop());

  const whole = [200, blobBytes.toString()];
  it.each([
    ['many ranges at once', 'bytes=0-1,4-5', whole],
    ['ranges that overlap', 'bytes=0-8,1-9,0-9', whole],
    ['two thousand ranges', `bytes=${Array.from({ length: 2000 }, () => '0-').join(',')}`, whole],
    ['a range that ends before it begins', 'bytes=5-2', whole],
    ['a negative range', 'bytes=-5--2', whole],
    ['a range in another unit', 'lines=0-1', whole],
    ['a range of numbers beyond 2^53', 'bytes=99999999999999999999-', whole],
    ['a range beyond the end', 'bytes=10-', [416, '']],
    ['a range far beyond the end', 'bytes=999999999999999-', [416, '']],
    ['no last byte', 'bytes=-0', [416, '']],
    ['the last bytes, and more than there are', 'bytes=-999999999999999', [206, blobBytes.toString()]],
    ['an end that is far beyond', 'bytes=8-999999999999999', [206, '89']],
  ])('answers %s with its own bytes once, or with none', async (_what, range, [status, body]) => {
    const reply = await rawRequest(server.httpUrl, blob, { headers: { ...headers, range } });
    expect([reply.status, reply.body]).toEqual([status, body]);
    expect(Number(reply.headers.get('content-length') ?? '0')).toBe(reply.body.length);
  });

  const long = 'a'.repeat(5000);
  it.each([
    '../../keys/director.key',
    '/../../keys/director.key',
    '..%2f..%2fkeys%2fdirector.key',
    '%2e%2e%2f%2e%2e%2fkeys%2fdirector.key',
    '%252e%252e%252fkeys%252fdirector.key',
    '..%5c..%5ckeys%5cdirector.key',
    '%2fetc%2fpasswd',
    '/etc/passwd',
    'timestamp.json%00.png',
    '%00',
    '.incoming',
    '.',
    'CON',
    'NUL.json',
    'timestamp.json.',
    'Timestamp.json',
    '%c0%ae%c0%ae%2fkeys',
    '%',
    'a very long name',
  ])('gives nothing for %s, neither among the metadata nor among the blobs', async (given) => {
    const name = given === 'a very long name' ? long : given;
    for (const folder of [metadataPath, blobPath]) {
      const reply = await rawRequest(server.httpUrl, folder + name, { headers });
      expect([400, 403, 404, 414]).toContain(reply.status);
      expect(reply.body).not.toMatch(/seed|root:x/);
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'BREW'])('takes no %s', async (method) => {
    const reply = await rawRequest(server.httpUrl, blob, { method, headers });
    expect([400, 404, 405]).toContain(reply.status);
    expect((await rawRequest(server.httpUrl, blob, { headers })).body).toBe(blobBytes.toString());
  });

  it('compresses nothing, and takes nothing compressed for what is inside', async () => {
    const asked = await rawRequest(server.httpUrl, blob, { headers: { ...headers, 'accept-encoding': 'gzip, br' } });
    expect([asked.headers.get('content-encoding'), asked.body]).toEqual([undefined, blobBytes.toString()]);
    const sent = await fetch(`${server.httpUrl}/api/v1/sessions/nonce`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: Buffer.from('1f8b0800000000000003', 'hex'),
    });
    expect(sent.status).toBe(400);
  });
});
