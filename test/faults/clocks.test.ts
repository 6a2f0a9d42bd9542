import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { windowTime } from '@bellwether/agent/telemetry/wall-time';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { sealEnvelope } from '@bellwether/shared/signing/envelope';
import { ReconcileWorld } from '../support/reconcile-world.js';
import { sampleRelease } from '../support/sample-release.js';
import { TrustWorld } from '../support/trust-world.js';
import { VerifyingEngine } from '../support/verifying-engine.js';

const first = sampleRelease('digits', '1.0.0');
const second = sampleRelease('digits', '1.1.0');
const nowMs = Date.UTC(2026, 5, 1);
const nonce = 'ab'.repeat(32);
const minuteMs = 60_000;

let world: TrustWorld;
let device: ReconcileWorld;
beforeEach(async () => {
  world = await TrustWorld.start({ expires: '2026-12-31T00:00:00Z' });
});
afterEach(async () => {
  await device.reconciler.stop();
  await world.stop();
});

async function boot(): Promise<void> {
  const disk = { folder: `${world.folder}/device`, files: nodeFiles };
  device = await ReconcileWorld.open({ world, disk, engine: new VerifyingEngine() });
  await device.reconciler.start();
}

/** The server answers a login: what time it is, signed for this device. */
function meetServer(timeMs = nowMs): boolean {
  return device.trust.offerTime(
    sealEnvelope('time', { deviceNonce: nonce, timeMs }, [world.repository.keys.time]),
    nonce,
  );
}

/** Where the telemetry of the last minute would lie. */
function lastMinute() {
  const end = world.clock.now();
  return windowTime({ wallMs: end.wallMs, monotonicMs: end.monotonicMs - minuteMs }, end, device.trust.serverTimeMs);
}

describe.each([
  ['in 1970', 0],
  ['in 2099', Date.UTC(2099, 5, 1)],
])('a device whose clock is %s', (_where, wallMs) => {
  it('installs, upgrades and starts again: nothing expires by that clock, and its windows say whose time they have', async () => {
    world.clock.setWall(wallMs);
    await boot();
    await device.serve(first);
    expect(lastMinute().clock).toBe('system');
    expect(meetServer()).toBe(true);
    expect(lastMinute()).toEqual({ wallStartMs: nowMs - minuteMs, wallEndMs: nowMs, clock: 'server' });
    await device.serve(second);
    await device.reconciler.stop();
    await boot();
    await device.untilServing('1.1.0');
    expect(device.trust.isFresh()).toBe(true);
  });
});

describe('a clock that is set while the device runs', () => {
  it.each([
    ['back by a year', nowMs - 365 * 86_400_000],
    ['on to 2099, by an NTP that lies', Date.UTC(2099, 5, 1)],
  ])('%s: what serves goes on, an order is installed, and trusted time holds', async (_how, wallMs) => {
    world.clock.setWall(nowMs);
    await boot();
    await device.serve(first);
    meetServer();
    expect(lastMinute().clock).toBe('system');
    world.clock.setWall(wallMs);
    await world.clock.advance(10 * minuteMs);
    expect(device.trust.serverTimeMs).toBe(nowMs + 10 * minuteMs);
    expect(lastMinute()).toMatchObject({ wallEndMs: nowMs + 10 * minuteMs, clock: 'server' });
    expect(device.trust.isFresh()).toBe(true);
    await device.serve(second);
    expect(device.serving()).toBe('1.1.0');
  });

  it('by the server, signed, is what expires metadata: the control. What serves goes on, what is new is not installed', async () => {
    await boot();
    await device.serve(first);
    meetServer(Date.UTC(2027, 0, 1));
    expect(device.trust.isFresh()).toBe(false);
    await world.repository.addRelease(second);
    await device.order(second);
    await device.until(() => device.codeOf(second) === 'metadata-stale');
    expect(device.serving()).toBe('1.0.0');
  });
});
