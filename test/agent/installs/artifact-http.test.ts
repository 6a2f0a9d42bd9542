import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArtefactAccess } from '@bellwether/agent/installs/artifact-access';
import { HttpArtifacts, type HttpArtifactsOptions } from '@bellwether/agent/installs/artifact-http';
import type { Clock, Instant } from '@bellwether/shared/clock';
import { silentLog } from '@bellwether/shared/log';
import { sha256 } from '@bellwether/shared/signing/digest';
import { refusalCode } from '../../support/refusal-code.js';
import { type StaticServer, startStaticServer } from '../../support/static-server.js';

const bytes = randomBytes(300_000);
const digest = sha256(bytes);
const blob = { kind: 'blob', sha256: digest, bytes: bytes.length } as const;

/** A clock whose sleeps take no time and are remembered; its timers fire when the test says so. */
class EagerClock implements Clock {
  readonly sleeps: number[] = [];
  readonly timers = new Set<() => void>();
  #nowMs = 0;

  now(): Instant {
    return { wallMs: Date.UTC(2026, 0, 1) + this.#nowMs, monotonicMs: this.#nowMs };
  }

  after(_delayMs: number, callback: () => void): () => void {
    this.timers.add(callback);
    return () => this.timers.delete(callback);
  }

  sleep(delayMs: number): Promise<void> {
    this.sleeps.push(delayMs);
    this.#nowMs += delayMs;
    return Promise.resolve();
  }

  fire(): void {
    for (const callback of this.timers) callback();
  }
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let folder: string;
let server: StaticServer;
let clock: EagerClock;
/** The Range header of every request for the blob; `none` where there was none. */
let ranges: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-artifacts-'));
  server = await startStaticServer(folder);
  clock = new EagerClock();
  ranges = [];
});

afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;

function artifacts(options: Partial<HttpArtifactsOptions> = {}): HttpArtifacts {
  const limits = { maxAttempts: 5, maxBytesPerSecond: 0, stallMs: 1000 };
  return new HttpArtifacts({
    baseUrl: server.url,
    blobFolder: folder,
    ...limits,
    clock,
    random: () => 1,
    log: silentLog,
    ...options,
  });
}

function fetchBlob(options: Partial<HttpArtifactsOptions> = {}, signal: AbortSignal = never) {
  return artifacts(options).fetch(blob, signal, () => {});
}

/** Answers requests for the blob one after the other; the last handler stays. */
function answer(...handlers: readonly Handler[]): void {
  let count = 0;
  server.answer(`/blobs/sha256/${digest}`, (request, response) => {
    ranges.push(request.headers.range ?? 'none');
    handlers[Math.min(count++, handlers.length - 1)]?.(request, response);
  });
}

/** A good server: ranges, exact headers. */
const good: Handler = (request, response) => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const body = bytes.subarray(from);
  const range = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': body.length, ...(from > 0 ? range : {}) });
  response.end(body);
};

/** As `good`, but the connection ends `count` bytes into the body. */
function cutAfter(count: number): Handler {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from, ...(from > 0 ? range : {}) });
    response.write(bytes.subarray(from, from + count), () => response.destroy());
  };
}

function status(code: number, headers: Record<string, string> = {}): Handler {
  return (_request, response) => response.writeHead(code, headers).end('no');
}

const stored = () => readFile(join(folder, digest));
const names = async () => (await readdir(folder)).toSorted();

describe('a download', () => {
  it('puts the blob under its digest and leaves nothing beside it', async () => {
    answer(good);
    const told: number[] = [];
    expect(await artifacts().fetch(blob, never, (count) => told.push(count))).toEqual({
      bytes: 300_000,
      sha256: digest,
    });
    expect(bytes.equals(await stored())).toBe(true);
    expect(await names()).toEqual([digest]);
    expect(told.at(-1)).toBe(300_000);
    expect(ranges).toEqual(['none']);
  });

  it('fetches an empty blob without asking for it', async () => {
    const empty = { kind: 'blob', sha256: sha256(new Uint8Array()), bytes: 0 } as const;
    await artifacts().fetch(empty, never, () => {});
    expect(await names()).toEqual([empty.sha256]);
    expect(server.requests).toEqual([]);
  });

  it.each([1, 65_536, 299_999])('goes on where it was cut, at byte %i', async (count) => {
    answer(cutAfter(count), good);
    await fetchBlob();
    expect(bytes.equals(await stored())).toBe(true);
    expect(ranges[0]).toBe('none');
    const resumed = Number(/\d+/.exec(ranges[1] ?? '')?.[0]);
    // What the kernel had delivered when the connection broke, and not one byte more.
    if (ranges[1] !== 'none') expect(resumed).toBeLessThanOrEqual(count);
  });

  it('goes on where an earlier run of the agent stopped', async () => {
    await writeFile(join(folder, `${digest}.part`), bytes.subarray(0, 100_000));
    answer(good);
    await fetchBlob();
    expect(ranges).toEqual(['bytes=100000-']);
    expect(bytes.equals(await stored())).toBe(true);
  });

  it('starts over when an earlier run left bytes that a power cut has torn', async () => {
    await writeFile(join(folder, `${digest}.part`), Buffer.alloc(100_000));
    answer(good);
    await fetchBlob();
    expect(ranges).toEqual(['bytes=100000-', 'none']);
    expect(bytes.equals(await stored())).toBe(true);
  });

  it('starts over when an earlier run left more bytes than the blob has', async () => {
    await writeFile(join(folder, `${digest}.part`), Buffer.alloc(300_001));
    answer(good);
    await fetchBlob();
    expect(ranges).toEqual(['none']);
    expect(bytes.equals(await stored())).toBe(true);
  });

  it('needs no request when an earlier run had every byte', async () => {
    await writeFile(join(folder, `${digest}.part`), bytes);
    await fetchBlob();
    expect(server.requests).toEqual([]);
    expect(bytes.equals(await stored())).toBe(true);
  });

  it('takes the whole body of a server that knows no ranges', async () => {
    await writeFile(join(folder, `${digest}.part`), bytes.subarray(0, 100_000));
    answer((_request, response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes));
    await fetchBlob();
    expect(bytes.equals(await stored())).toBe(true);
  });

  it('takes a body without a length', async () => {
    answer((_request, response) => response.writeHead(200).end(bytes));
    await fetchBlob();
    expect(bytes.equals(await stored())).toBe(true);
  });

  it('starts over after 416', async () => {
    await writeFile(join(folder, `${digest}.part`), bytes.subarray(0, 100_000));
    answer(status(416), good);
    await fetchBlob();
    expect(ranges).toEqual(['bytes=100000-', 'none']);
    expect(bytes.equals(await stored())).toBe(true);
  });

  it.each([
    ['begins elsewhere', 'bytes 5-299999/300000'],
    ['ends behind the blob', 'bytes 100000-300000/300000'],
    ['is missing', ''],
    ['makes no sense', 'bytes all of them'],
  ])('starts over when the range of a 206 %s', async (_what, contentRange) => {
    await writeFile(join(folder, `${digest}.part`), bytes.subarray(0, 100_000));
    answer(status(206, contentRange === '' ? {} : { 'content-range': contentRange }), good);
    await fetchBlob();
    expect(ranges).toEqual(['bytes=100000-', 'none']);
    expect(bytes.equals(await stored())).toBe(true);
  });

  it('honours Retry-After in seconds', async () => {
    answer(status(429, { 'retry-after': '7' }), good);
    await fetchBlob();
    expect(clock.sleeps).toEqual([7000]);
  });

  it('honours Retry-After as a date', async () => {
    answer(status(503, { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }), good);
    await fetchBlob();
    expect(clock.sleeps).toEqual([9000]);
  });

  it('waits no longer than a quarter of an hour, whatever the server wishes', async () => {
    answer(status(503, { 'retry-after': '999999' }), good);
    await fetchBlob();
    expect(clock.sleeps).toEqual([900_000]);
  });

  it('waits longer after every failure, and gives up after its attempts: network', async () => {
    answer(status(500));
    expect(await refusalCode(() => fetchBlob({ maxAttempts: 4 }))).toBe('network');
    expect(clock.sleeps).toEqual([500, 1000, 2000, 4000]);
    expect(ranges).toHaveLength(4);
  });

  it('keeps what it has when it gives up, for the next time', async () => {
    answer(cutAfter(100_000));
    expect(await refusalCode(() => fetchBlob({ maxAttempts: 1 }))).toBe('network');
    answer(good);
    await fetchBlob();
    expect(bytes.equals(await stored())).toBe(true);
    expect(ranges.at(-1)).toMatch(/^bytes=[1-9]/);
  });

  it('gives up on a server that makes it start over and over: the bytes have a budget', async () => {
    const large = { kind: 'blob', sha256: sha256(Buffer.from('x')), bytes: 2_000_000 } as const;
    server.answer(`/blobs/sha256/${large.sha256}`, (_request, response) => {
      // Always the whole, and never quite.
      response.writeHead(200, { 'content-length': large.bytes });
      response.write(Buffer.alloc(large.bytes - 1), () => response.destroy());
    });
    const attempt = artifacts({ maxAttempts: 1000 }).fetch(large, never, () => {});
    await expect(attempt).rejects.toThrow(/gave up after [1-9] attempts/);
  });

  it.each([400, 401, 403, 404, 410])('does not ask again after %i: network', async (code) => {
    answer(status(code));
    expect(await refusalCode(fetchBlob)).toBe('network');
    expect(ranges).toHaveLength(1);
  });

  it('refuses a content encoding that nobody asked for, since it hides the size: network', async () => {
    answer(status(200, { 'content-encoding': 'br' }));
    expect(await refusalCode(fetchBlob)).toBe('network');
  });

  it('refuses one flipped bit and keeps none of it: blob-digest', async () => {
    const flipped = Buffer.from(bytes);
    flipped[150_000] = (flipped[150_000] ?? 0) ^ 1;
    answer((_request, response) => response.writeHead(200, { 'content-length': bytes.length }).end(flipped));
    expect(await refusalCode(fetchBlob)).toBe('blob-digest');
    expect(await names()).toEqual([]);
    expect(ranges).toHaveLength(1);
  });

  it('names the code after what it fetches: manifest-digest', async () => {
    answer((_request, response) =>
      response.writeHead(200, { 'content-length': bytes.length }).end(Buffer.alloc(300_000)),
    );
    const attempt = () => artifacts().fetch({ ...blob, kind: 'manifest' }, never, () => {});
    expect(await refusalCode(attempt)).toBe('manifest-digest');
  });

  it('refuses a length that is not the signed one before it reads: blob-size', async () => {
    answer((_request, response) => response.writeHead(200, { 'content-length': 300_001 }).end(Buffer.alloc(300_001)));
    expect(await refusalCode(fetchBlob)).toBe('blob-size');
  });

  it('refuses a body that does not end, at the first byte too many: blob-size', async () => {
    answer((_request, response) => {
      response.writeHead(200);
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(65_536), more);
      };
      more();
    });
    expect(await refusalCode(fetchBlob)).toBe('blob-size');
    expect(await names()).toEqual([]);
  });

  it('gives a silent connection up and goes on with another', async () => {
    let isSilent: () => void = () => {};
    const silent = new Promise<void>((resolve) => {
      isSilent = resolve;
    });
    answer((_request, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.flushHeaders();
      isSilent();
    }, good);
    const fetched = fetchBlob();
    await silent;
    clock.fire();
    await fetched;
    expect(bytes.equals(await stored())).toBe(true);
    expect(ranges).toHaveLength(2);
  });

  it('shows its token, and takes a new one when the old one has run out, once', async () => {
    const shown: unknown[] = [];
    const wants =
      (token: string): Handler =>
      (request, response) => {
        shown.push(request.headers.authorization);
        (request.headers.authorization === token ? good : status(401))(request, response);
      };
    let number = 1;
    let mayRenew = true;
    const access: ArtefactAccess = {
      headers: async () => ({ authorization: `t${number++}` }),
      renew: () => mayRenew,
    };
    answer(wants('t2'));
    await fetchBlob({ access });
    expect(shown).toEqual(['t1', 't2']);
    mayRenew = false;
    await rm(join(folder, digest));
    expect(await refusalCode(() => fetchBlob({ access }))).toBe('network');
    expect(shown).toEqual(['t1', 't2', 't3']);
  });

  it('tries again when no token is to be had', async () => {
    answer(good);
    let asked = 0;
    const access: ArtefactAccess = {
      headers: async () => {
        if (asked++ === 0) throw new Error('the server is starting');
        return {};
      },
      renew: () => false,
    };
    await fetchBlob({ access });
    expect([asked, clock.sleeps.length]).toEqual([2, 1]);
  });

  it('holds its bandwidth cap', async () => {
    answer(good);
    await fetchBlob({ maxBytesPerSecond: 100_000 });
    const waitedMs = clock.sleeps.reduce((sum, delay) => sum + delay, 0);
    expect(waitedMs).toBeGreaterThan(2_990);
    expect(waitedMs).toBeLessThanOrEqual(3_000.1);
  });

  it('ends with the signal, and keeps what it has', async () => {
    const abort = new AbortController();
    answer((_request, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 100_000));
    });
    const reason = new Error('a newer order');
    const fetched = artifacts().fetch(blob, abort.signal, (count) => {
      if (count >= 100_000) abort.abort(reason);
    });
    await expect(fetched).rejects.toBe(reason);
    expect(await names()).toEqual([`${digest}.part`]);
    expect(clock.timers.size).toBe(0);
  });

  it('refuses where the folder cannot be written: disk', async () => {
    answer(good);
    expect(await refusalCode(() => fetchBlob({ blobFolder: '/proc/bellwether' }))).toMatch(/^(?:disk|ENOENT)$/);
  });
});
