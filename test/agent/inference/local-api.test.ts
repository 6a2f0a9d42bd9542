import { once } from 'node:events';
import { chmod, link, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalApi, type LocalApiConfig, type LocalApiParts } from '@bellwether/agent/inference/local-api-http';
import { Serving } from '@bellwether/agent/inference/serving';
import { systemClock } from '@bellwether/shared/clock';
import { silentLog } from '@bellwether/shared/log';
import { bytesOf } from '@bellwether/shared/models/tensor-values';
import { type LocalReply, localRequest } from '../../support/local-http.js';
import { ObservedCalls } from '../../support/observed-calls.js';
import { ScriptedRunner, scriptedModel } from '../../support/scripted-runner.js';
import { trialParts } from '../../support/trial-parts.js';

let folder: string;
let socketPath: string;
let observer: ObservedCalls;
let serving: Serving;
let runner: ScriptedRunner;
const started: LocalApi[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-api-'));
  socketPath = join(folder, 'agent.sock');
  observer = new ObservedCalls();
  const limits = { queueLength: 2, deadlineMs: 10_000, drainMs: 30_000 };
  serving = new Serving({ clock: systemClock, observer, trials: trialParts(), limits, onRunnerDied: () => {} });
  runner = new ScriptedRunner(scriptedModel('1.0.0'));
  serving.swap(runner);
});

afterEach(async () => {
  await serving.stop();
  await Promise.all(started.splice(0).map((api) => api.stop()));
  await rm(folder, { recursive: true });
});

async function start(config: Partial<LocalApiConfig> = {}, parts: Partial<LocalApiParts> = {}): Promise<LocalApi> {
  const api = new LocalApi({
    serving,
    observer,
    clock: systemClock,
    log: silentLog,
    agentVersion: '1.2.3',
    isReady: () => true,
    status: () => ({ serving: 'digits@1.0.0' }),
    config: { socketPath, maxBodyBytes: 1024 * 1024, stopGraceMs: 5_000, ...config },
    ...parts,
  });
  await api.start();
  started.push(api);
  return api;
}

const get = (path: string) => localRequest({ socketPath }, path);
const post = (path: string, body: string | Uint8Array, headers: Record<string, string | number> = {}) =>
  localRequest({ socketPath }, path, { method: 'POST', body, headers });

const x = { name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] };
const body = JSON.stringify({ inputs: [x] });
const answered = {
  outputs: [{ name: 'y', dtype: 'FP32' as const, shape: [1, 2], data: bytesOf(Float32Array.of(0.25, 0.75)) }],
};

describe('the local API', () => {
  it('has text for Prometheus only where that is switched on', async () => {
    const api = await start();
    expect((await get('/metrics')).status).toBe(404);
    await api.stop();
    await start({}, { metrics: () => '# HELP a A.\n' });
    const { status, headers, body: text } = await get('/metrics');
    expect([status, headers['content-type'], text.toString()]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      '# HELP a A.\n',
    ]);
  });

  it('answers what the protocol asks besides inference', async () => {
    await start();
    expect((await get('/v2')).json()).toEqual({
      name: 'bellwether-agent',
      version: '1.2.3',
      extensions: ['binary_tensor_data'],
    });
    expect((await get('/v2/health/live')).status).toBe(200);
    expect((await get('/v2/models/digits')).json()).toEqual({
      name: 'digits',
      versions: ['1.0.0'],
      platform: 'onnx_onnxv1',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    });
    expect((await get('/v2/models/digits/versions/1.0.0')).status).toBe(200);
    expect((await get('/bellwether/status')).json()).toEqual({ serving: 'digits@1.0.0' });
  });

  it('is ready when it is told so, and a model when it has a runner', async () => {
    let isReady = false;
    await start({}, { isReady: () => isReady });
    expect((await get('/v2/health/ready')).status).toBe(400);
    isReady = true;
    expect((await get('/v2/health/ready')).status).toBe(200);
    expect((await get('/v2/models/digits/ready')).status).toBe(200);
    runner.die();
    await runner.exited;
    expect((await get('/v2/models/digits/ready')).status).toBe(400);
  });

  it('gives the runner the app tensors, the state key and the reset', async () => {
    await start();
    const parameters = { assignment_key: 'line 7', reset: true };
    const reply = post('/v2/models/digits/infer', JSON.stringify({ inputs: [x], parameters }));
    const { call, answer } = await runner.arrived(0);
    expect(call).toMatchObject({
      stateKey: 'line 7',
      reset: true,
      inputs: [{ name: 'x', dtype: 'FP32', shape: [1, 4] }],
    });
    answer(answered);
    expect((await reply).json()).toMatchObject({
      model_name: 'digits',
      model_version: '1.0.0',
      parameters: { arm: 'stable', release: 'digits@1.0.0', lineage_id: runner.model.manifestSha256.slice(0, 16) },
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 2], data: [0.25, 0.75] }],
    });
  });

  it('takes the truth about an answer that had an id and named no version, once, and says so by the status', async () => {
    await start();
    const inferring = (id: string, version = '') =>
      post(`/v2/models/digits${version}/infer`, JSON.stringify({ id, inputs: [x] }));
    for (const [index, path] of [
      [0, ''],
      [1, '/versions/1.0.0'],
    ] as const) {
      const reply = inferring(`order ${index}`, path);
      (await runner.arrived(index)).answer(answered);
      await reply;
    }
    const feedback = (id: string, label: unknown) => post('/v2/models/digits/feedback', JSON.stringify({ id, label }));
    expect((await feedback('order 0', 'yes')).json()).toMatchObject({ correct: true, model_name: 'digits' });
    const refusals = [
      await feedback('order 0', 'yes'),
      await feedback('order 1', 'yes'),
      await feedback('order 0', 1.5),
    ];
    expect(refusals.map(({ status, json }) => [status, json()['code']])).toEqual([
      [409, 'already-given'],
      [404, 'unknown-id'],
      [400, 'schema'],
    ]);
    expect(observer.judgements).toMatchObject([{ arm: 'stable', version: '1.0.0', correct: true }]);
  });

  it('takes and gives binary tensors', async () => {
    await start();
    const { data, ...input } = x;
    const inputs = [{ ...input, parameters: { binary_data_size: 16 } }];
    const json = JSON.stringify({ inputs, parameters: { binary_data_output: true } });
    const bytes = Buffer.concat([Buffer.from(json), bytesOf(Float32Array.from(data))]);
    const reply = post('/v2/models/digits/infer', bytes, { 'inference-header-content-length': json.length });
    const { call, answer } = await runner.arrived(0);
    expect(Buffer.from(call.inputs[0]?.data ?? []).readFloatLE(12)).toBe(4);
    answer(answered);
    const got = await reply;
    expect(got.headers['content-type']).toBe('application/octet-stream');
    const headEnd = Number(got.headers['inference-header-content-length']);
    expect(got.body.length).toBe(headEnd + 8);
    expect(got.body.readFloatLE(headEnd + 4)).toBe(0.75);
  });

  it.each([
    [404, 'unknown-model', 'GET', '/v2/models/other'],
    [404, 'unknown-version', 'GET', '/v2/models/digits/versions/2.0.0'],
    [404, 'not-found', 'GET', '/v1/models/digits'],
    [404, 'not-found', 'GET', '/v2/models/digits/explode'],
    [404, 'not-found', 'GET', '/constructor'],
    [405, 'method', 'POST', '/v2/health/live'],
    [405, 'method', 'GET', '/v2/models/digits/infer'],
    [405, 'method', 'GET', '/v2/models/digits/feedback'],
    [404, 'not-found', 'POST', '/v2/models/digits/versions/1.0.0/feedback'],
  ])('answers %i %s to %s %s', async (status, code, method, path) => {
    await start();
    const reply = await localRequest({ socketPath }, path, { method });
    expect(reply.status).toBe(status);
    expect(reply.json()).toEqual({ error: expect.any(String) as string, code });
  });

  it.each<[number, string, string, Record<string, string>]>([
    [400, 'malformed', '{', {}],
    [400, 'unknown-input', JSON.stringify({ inputs: [{ ...x, name: 'q' }] }), {}],
    [400, 'malformed', body, { 'inference-header-content-length': 'many' }],
    [415, 'encoding', body, { 'content-encoding': 'gzip' }],
    [413, 'too-large', ' '.repeat(512 * 1024 + 1), {}],
    [413, 'too-large', ' '.repeat(512 * 1024 + 1), { 'transfer-encoding': 'chunked' }],
    [413, 'too-large', ' '.repeat(600 * 1024), { 'inference-header-content-length': String(512 * 1024 + 1) }],
    [400, 'malformed', `${'['.repeat(25)}${']'.repeat(25)}`, {}],
    [400, 'malformed', `{${'"a":1,'.repeat(5_000)}"a":1}`, {}],
    [400, 'schema', `{"a":"${'[:\\"'.repeat(6_000)}"}`, {}],
    [413, 'too-large', ' '.repeat(1024 * 1024 + 1), { 'inference-header-content-length': '10' }],
    [413, 'too-large', ' '.repeat(1024 * 1024 + 1), { 'transfer-encoding': 'chunked' }],
  ])('answers %i %s to a body that it cannot take, which is no evidence', async (status, code, bad, headers) => {
    await start();
    const reply = await post('/v2/models/digits/infer', bad, headers);
    expect([reply.status, reply.json()['code']]).toEqual([status, code]);
    expect(observer.rejections).toEqual([`digits ${code}`]);
    expect(runner.calls).toEqual([]);
  });

  it('takes in binary what is too much as JSON', async () => {
    await start();
    const head = JSON.stringify({ inputs: [{ ...x, data: undefined, parameters: { binary_data_size: 16 } }] });
    const padded = `${head}${' '.repeat(512 * 1024 - head.length)}`;
    const reply = post('/v2/models/digits/infer', Buffer.concat([Buffer.from(padded), Buffer.alloc(16)]), {
      'inference-header-content-length': String(padded.length),
    });
    (await runner.arrived(0)).fail('engine');
    expect((await reply).status).toBe(500);
  });

  it.each<[number, string, 'engine' | 'runner-died' | 'deadline']>([
    [500, 'engine', 'engine'],
    [500, 'runner-died', 'runner-died'],
    [504, 'deadline', 'deadline'],
  ])('answers %i %s when the runner fails that way', async (status, code, failure) => {
    await start();
    const reply = post('/v2/models/digits/infer', body);
    (await runner.arrived(0)).fail(failure);
    const got = await reply;
    expect([got.status, got.json()['code']]).toEqual([status, code]);
    expect(observer.failures).toMatchObject([{ code }]);
  });

  it('says when to come again when the queue is full', async () => {
    await start();
    const accepted = [1, 2, 3].map(() => post('/v2/models/digits/infer', body));
    await runner.arrived(0);
    // The three may still be on their way: the fourth is sent until one is turned away.
    const extra = [post('/v2/models/digits/infer', body)];
    const full = await Promise.race([...accepted, ...extra]);
    expect(full.status).toBe(503);
    expect(full.headers['retry-after']).toBe('1');
    expect(full.json()['code']).toBe('queue-full');
    for (const i of [0, 1, 2]) (await runner.arrived(i)).answer(answered);
    const statuses = (await Promise.all([...accepted, ...extra])).map((reply) => reply.status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 200, 503]);
  });

  it('holds only so many bytes of bodies at once', async () => {
    await start({ maxBodyBytes: 1000 });
    const large = body.padEnd(1000);
    const replies: LocalReply[] = [];
    const calls = [1, 2, 3, 4, 5].map(async () => replies.push(await post('/v2/models/digits/infer', large)));
    // Whichever come last: only three have room.
    while (replies.length < 2) await new Promise(setImmediate);
    const codes = replies.map((reply) => reply.json()['code']);
    expect(codes.every((code) => code === 'queue-full' || code === 'busy')).toBe(true);
    for (const i of [0, 1, 2]) (await runner.arrived(i)).answer(answered);
    await Promise.all(calls);
    expect(replies.map((reply) => reply.status).slice(2)).toEqual([200, 200, 200]);
  });

  it('answers what is no HTTP, and goes on', async () => {
    await start();
    const socket = connect(socketPath);
    socket.end('this is no HTTP\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toContain('400 Bad Request');
    expect(answer).toContain('"code":"malformed"');
    expect((await get('/v2')).status).toBe(200);
  });

  it('bears a client that goes away in the middle of its body', async () => {
    await start();
    const socket = connect(socketPath);
    await once(socket, 'connect');
    await new Promise<unknown>((resolve) => {
      socket.write('POST /v2/models/digits/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{', resolve);
    });
    while (observer.rejections.length === 0) {
      socket.destroy();
      await get('/v2');
    }
    expect(observer.rejections).toEqual(['digits client-gone']);
  });

  it('answers the calls that it has when it stops, and closes', async () => {
    const api = await start();
    const reply = post('/v2/models/digits/infer', body, { connection: 'keep-alive' });
    const executing = await runner.arrived(0);
    const stopped = Promise.all([api.stop(), api.stop()]);
    executing.answer(answered);
    expect((await reply).status).toBe(200);
    await stopped;
    await expect(get('/v2')).rejects.toThrow(/ENOENT|ECONNREFUSED/);
  });
});

describe('the unix socket', () => {
  it('has mode 0660', async () => {
    await start();
    expect((await stat(socketPath)).mode & 0o777).toBe(0o660);
  });

  it('takes the place of one that a dead process left', async () => {
    const server = createServer().listen(socketPath);
    await once(server, 'listening');
    // As a killed process does it: the file stays, and nobody listens.
    const copy = join(folder, 'left.sock');
    await link(socketPath, copy);
    server.close();
    await once(server, 'close');
    await start({ socketPath: copy });
    expect((await localRequest({ socketPath: copy }, '/v2')).status).toBe(200);
  });

  it('is an error when a living process has it, or when it is a file of another kind', async () => {
    await start();
    await expect(start()).rejects.toMatchObject({ code: 'address-in-use' });
    expect((await get('/v2')).status).toBe(200);
    const file = join(folder, 'precious.txt');
    await writeFile(file, 'keep me');
    await expect(start({ socketPath: file })).rejects.toMatchObject({ code: 'address-in-use' });
    expect(await readFile(file, 'utf8')).toBe('keep me');
  });

  it('is an error where it cannot be', async () => {
    await expect(start({ socketPath: join(folder, 'no', 'such', 'folder') })).rejects.toMatchObject({
      code: 'address-unusable',
    });
  });
});

describe('the loopback port', () => {
  const bearer = async (file: string) => ({ authorization: `Bearer ${(await readFile(file, 'utf8')).trim()}` });

  it('takes the token of a 0600 file, which is made when it is not there', async () => {
    const tokenFile = join(folder, 'token');
    const { port = 0 } = await start({ loopback: { port: 0, tokenFile } });
    expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);
    expect((await localRequest({ port }, '/v2', { headers: await bearer(tokenFile) })).status).toBe(200);
    const refused = await localRequest({ port }, '/v2');
    expect([refused.status, refused.json()['code']]).toEqual([401, 'unauthorized']);
  });

  it('refuses a web page and a foreign host, even with the token', async () => {
    const tokenFile = join(folder, 'token');
    const { port = 0 } = await start({ loopback: { port: 0, tokenFile } });
    const headers = await bearer(tokenFile);
    const page = await localRequest({ port }, '/v2', { headers: { ...headers, origin: `http://127.0.0.1:${port}` } });
    expect([page.status, page.json()['code']]).toEqual([403, 'origin']);
    const rebound = await localRequest({ port }, '/v2', { headers: { ...headers, host: `attacker.example:${port}` } });
    expect([rebound.status, rebound.json()['code']]).toEqual([403, 'host']);
  });

  it('makes the token whole or not at all: what a power cut left of it is no token and is replaced', async () => {
    const tokenFile = join(folder, 'token');
    await writeFile(`${tokenFile}.new`, 'half', { mode: 0o644 });
    await start({ loopback: { port: 0, tokenFile } });
    expect((await readFile(tokenFile, 'utf8')).trim()).toMatch(/^[\w-]{43}$/);
    expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).not.toContain('token.new');
  });

  it('keeps the token that is there, and refuses one that others can read', async () => {
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'a-token-of-enough-characters\n', { mode: 0o600 });
    const { port = 0 } = await start({ loopback: { port: 0, tokenFile } });
    const headers = { authorization: 'Bearer a-token-of-enough-characters' };
    expect((await localRequest({ port }, '/v2', { headers })).status).toBe(200);
    await chmod(tokenFile, 0o640);
    const other = { socketPath: join(folder, 'other.sock'), loopback: { port: 0, tokenFile } };
    await expect(start(other)).rejects.toMatchObject({ code: 'token-file' });
  });

  it('is an error when another process has the port', async () => {
    const tokenFile = join(folder, 'token');
    const { port = 0 } = await start({ loopback: { port: 0, tokenFile } });
    const other = { socketPath: join(folder, 'other.sock'), loopback: { port, tokenFile } };
    await expect(start(other)).rejects.toMatchObject({ code: 'address-in-use' });
  });
});
