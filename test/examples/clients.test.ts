import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digitsFolder, imageOf, readSplit } from '../support/digits.js';

const run = promisify(execFile);
const clients = new URL('../clients/', digitsFolder);
const program = (name: string): string => fileURLToPath(new URL(name, clients));

interface InferRequest {
  readonly inputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: number[];
    readonly data: number[];
  }[];
}

/** An agent that takes one request and always reads a 7. */
let server: Server;
let folder: string;
let socket: string;
let asked: { method: string | undefined; url: string | undefined; type: string | undefined; body: InferRequest }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-clients-'));
  socket = join(folder, 'api.sock');
  asked = [];
  server = createServer((request, response) => {
    void json(request).then((body) => {
      const type = request.headers['content-type'];
      asked.push({ method: request.method, url: request.url, type, body: body as InferRequest });
      const data = [0, 1, 2, 3, 4, 5, 6, 70, 8, 9];
      const outputs = [{ name: 'logits', datatype: 'FP32', shape: [1, 10], data }];
      response.end(JSON.stringify({ model_name: 'digits', model_version: '1.1.0', outputs }));
    });
  }).listen(socket);
  await once(server, 'listening');
});

afterEach(async () => {
  server.close();
  await once(server, 'close');
  await rm(folder, { recursive: true, force: true });
});

function expectImage(index: number): void {
  const image = imageOf(readSplit('stream'), index);
  const { method, url, type, body } = asked[0] ?? {};
  expect({ method, url, type }).toEqual({ method: 'POST', url: '/v2/models/digits/infer', type: 'application/json' });
  expect(body?.inputs).toMatchObject([{ name: 'image', datatype: 'FP32', shape: [1, 1, 28, 28] }]);
  const data = body?.inputs[0]?.data ?? [];
  expect(data).toHaveLength(784);
  expect(Math.max(...data.map((pixel, i) => Math.abs(pixel - (image[i] ?? 0))))).toBeLessThan(0.001);
}

describe('the example clients', () => {
  it('asks from ten lines of Node', async () => {
    const { stdout } = await run(process.execPath, [program('client.mjs'), socket, '3']);
    expect(stdout).toBe('7, says digits@1.1.0\n');
    expectImage(3);
  });

  it('asks from curl', async () => {
    const { stdout } = await run(program('curl.sh'), [socket]);
    expect(stdout).toContain('"model_version":"1.1.0"');
    expectImage(0);
  });
});
