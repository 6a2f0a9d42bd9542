import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpArtifacts } from '@bellwether/agent/installs/artifact-http';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { silentLog } from '@bellwether/shared/log';
import { sha256 } from '@bellwether/shared/signing/digest';
import { CountedTimers } from '../support/counted-timers.js';
import { type FaultProxy, type NetworkFault, startFaultProxy } from '../support/fault-proxy.js';
import { ReconcileWorld } from '../support/reconcile-world.js';
import { sampleRelease } from '../support/sample-release.js';
import { TrustWorld } from '../support/trust-world.js';
import { VerifyingEngine } from '../support/verifying-engine.js';

const first = sampleRelease('digits', '1.0.0');
const second = sampleRelease('digits', '1.1.0', 'x'.repeat(90));
const [graph = Buffer.alloc(0)] = second.files;
const graphPath = `/blobs/sha256/${sha256(graph)}`;
const maxAttempts = 5;
const stallMs = 5_000;

let world: TrustWorld;
let proxy: FaultProxy;
let device: ReconcileWorld;
/** Of downloads: each that waits for a byte has one that would give it up. */
let timers: CountedTimers;

beforeEach(async () => {
  world = await TrustWorld.start();
  proxy = await startFaultProxy(world.server.url);
  const folder = join(world.folder, 'device');
  timers = new CountedTimers(world.clock);
  const artifacts = new HttpArtifacts({
    baseUrl: proxy.url,
    blobFolder: join(folder, 'blobs'),
    maxAttempts,
    maxBytesPerSecond: 0,
    stallMs,
    clock: timers,
    random: () => 1,
    log: silentLog,
  });
  device = await ReconcileWorld.open({
    world,
    disk: { folder, files: nodeFiles, url: proxy.url },
    engine: new VerifyingEngine(),
    parts: { artifacts },
  });
  await device.reconciler.start();
  await device.serve(first);
  await world.repository.addRelease(second);
  await device.trust.refresh(world.signal);
});
afterEach(async () => {
  await device.reconciler.stop();
  await proxy.stop();
  await world.stop();
});

/** Virtual time passes, in steps, while real connections do what they do. */
async function pass(ms: number, isOver: () => boolean = () => false): Promise<void> {
  for (let passed = 0; passed < ms && !isOver(); passed += 1_000) {
    for (let turn = 0; turn < 5 || isOnItsWay(); turn++) await new Promise(setImmediate);
    await world.clock.advance(1_000);
    expect(device.serving()).toBeDefined();
  }
}

/** Something travels: the virtual clock must not give it up because the machine is busy. */
function isOnItsWay(): boolean {
  return proxy.underWay > 0 || (proxy.stalled === 0 && timers.running > 0);
}

async function untilServes(version: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (device.serving() !== version && Date.now() < deadline) await pass(1_000);
  expect(device.serving()).toBe(version);
}

const asked = () => proxy.requests.filter((path) => path === graphPath).length;

describe('a download that is harmed twice', () => {
  it.each<[string, NetworkFault]>([
    ['cut before its first byte', { kind: 'cut', at: 0 }],
    ['cut at byte 1', { kind: 'cut', at: 1 }],
    ['cut at its last byte', { kind: 'cut', at: graph.length - 1 }],
    ['stalled in the middle', { kind: 'stall', at: 20 }],
    ['slow, byte by byte', { kind: 'slow' }],
    ['answered with another range', { kind: 'range' }],
    ['answered with 416', { kind: 'status', code: 416 }],
    ['answered with 429 and Retry-After', { kind: 'status', code: 429, retryAfter: '7' }],
    ['answered with 503', { kind: 'status', code: 503 }],
    ['answered with 503 and Retry-After', { kind: 'status', code: 503, retryAfter: '30' }],
    ['answered with 404, as by a cache that lags', { kind: 'status', code: 404 }],
    ['answered with 410', { kind: 'status', code: 410 }],
  ])('%s is fetched in the end, with few requests; what served serves on', async (_what, fault) => {
    proxy.harm((path, n) => (path === graphPath && n < 2 ? fault : undefined));
    const before = proxy.bytes;
    await device.order(second);
    await untilServes('1.1.0');
    // Two that were harmed, and one that was not.
    expect(asked()).toBeLessThanOrEqual(3);
    // The manifest, the vectors, and the graph at most as often as it was asked for.
    expect(proxy.bytes - before).toBeLessThan(5 * graph.length + 10_000);
  });
});

describe('a download that never gets through', () => {
  it.each<[string, NetworkFault]>([
    ['503', { kind: 'status', code: 503 }],
    ['404', { kind: 'status', code: 404 }],
    ['a cut', { kind: 'cut', at: 0 }],
  ])('(%s) is asked for ever more rarely: an hour costs a bounded number of requests', async (_what, fault) => {
    proxy.harm((path) => (path === graphPath ? fault : undefined));
    await device.order(second);
    await pass(3_600_000);
    // Attempts within an install, times installs: its back-off doubles from 2 s on.
    expect(asked()).toBeLessThanOrEqual(maxAttempts * 12);
    expect(device.serving()).toBe('1.0.0');
    proxy.harm(() => undefined);
    device.reconciler.networkChanged();
    await untilServes('1.1.0');
  });
});

describe('metadata over a bad network', () => {
  it.each<[string, NetworkFault]>([
    ['503', { kind: 'status', code: 503 }],
    ['a cut at byte 100', { kind: 'cut', at: 100 }],
  ])('(%s) changes nothing that is believed', async (_what, fault) => {
    proxy.harm((path) => (path.includes('/metadata/') ? fault : undefined));
    const before = device.trust.versions;
    await world.repository.publish('staging-digits');
    await expect(device.trust.refresh(world.signal)).rejects.toMatchObject({ code: 'network' });
    expect(device.trust.versions).toEqual(before);
    proxy.harm(() => undefined);
    await device.trust.refresh(world.signal);
    expect(device.trust.versions?.timestamp).toBe((before?.timestamp ?? 0) + 1);
  });
});
