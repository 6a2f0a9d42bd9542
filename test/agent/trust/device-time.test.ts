import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sealEnvelope } from '@bellwether/shared/signing/envelope';
import { sampleRelease } from '../../support/sample-release.js';
import { newKeyPair } from '../../support/signed-repository.js';
import { TrustWorld } from '../../support/trust-world.js';

const first = sampleRelease('digits', '1.0.0');
const second = sampleRelease('digits', '1.1.0');

let world: TrustWorld;
beforeEach(async () => {
  world = await TrustWorld.start();
  await world.repository.addRelease(first);
});
afterEach(async () => world.stop());

describe('time', () => {
  const nonce = 'ab'.repeat(32);
  const timeMs = Date.UTC(2026, 5, 1);
  const signedTime = (deviceNonce = nonce, key = world.repository.keys.time) =>
    sealEnvelope('time', { deviceNonce, timeMs }, [key]);

  it('brings where the audit log ends: the highest is kept, over a restart, until no time key vouches for it any more', async () => {
    const trust = await world.openWith(first);
    const tell = (sequence: number, digest = 'd'.repeat(64), by = world.repository.keys.time) => {
      const auditHead = { sequence, digest };
      return trust.offerTime(sealEnvelope('time', { deviceNonce: nonce, timeMs, auditHead }, [by]), nonce);
    };
    expect(trust.auditHead).toBeNull();
    tell(9, 'a'.repeat(64), newKeyPair());
    expect(trust.auditHead).toBeNull();
    expect(tell(5)).toBe(true);
    tell(4);
    tell(5, 'e'.repeat(64));
    expect(trust.auditHead).toEqual({ sequence: 5, digest: 'd'.repeat(64) });
    await trust.offerOrder(world.order(first), world.signal);
    expect((await world.open()).auditHead).toEqual(trust.auditHead);
    tell(2 ** 40);
    world.repository.keys.time = newKeyPair();
    await world.repository.setOnlineKeys(2);
    await world.repository.publish('targets');
    await trust.refresh(world.signal);
    expect(trust.auditHead).toBeNull();
    expect((await world.open()).auditHead).toBeNull();
  });

  it('judges freshness by signed server time and the monotonic clock, whatever the wall clock says', async () => {
    world.repository.timestamp.signed.expires = '2026-06-02T00:00:00Z';
    await world.repository.publish();
    const trust = await world.openWith(first);
    world.clock.setWall(Date.UTC(2099, 5, 1));
    expect(trust.isFresh()).toBe(true);
    expect(trust.offerTime(signedTime(), nonce)).toBe(true);
    expect(trust.isFresh()).toBe(true);
    await world.clock.advance(24 * 3_600_000 - 1);
    expect(trust.isFresh()).toBe(true);
    await world.clock.advance(1);
    expect(trust.isFresh()).toBe(false);
  });

  it('is not taken from another nonce, or from a key that is not for it', async () => {
    const trust = await world.openWith(first);
    expect(trust.offerTime(signedTime('cd'.repeat(32)), nonce)).toBe(false);
    expect(trust.offerTime(signedTime(nonce, world.repository.keys.director), nonce)).toBe(false);
    expect(trust.offerTime(Buffer.from('{}'), nonce)).toBe(false);
  });

  it('of a stolen time key cannot lie beyond every date: nothing would expire, and the floor could not be read back', async () => {
    const trust = await world.openWith(first);
    for (const far of [1e20, 8.64e15 + 1, Date.UTC(10_000, 0)]) {
      const forged = sealEnvelope('time', { deviceNonce: nonce, timeMs: far }, [world.repository.keys.time]);
      expect(trust.offerTime(forged, nonce)).toBe(false);
    }
    await trust.offerOrder(world.order(second), world.signal);
    expect((await world.open()).isFresh()).toBe(true);
  });

  it('has a floor that survives a restart', async () => {
    world.repository.timestamp.signed.expires = '2026-05-01T00:00:00Z';
    await world.repository.publish();
    const trust = await world.openWith(first);
    trust.offerTime(signedTime(), nonce);
    await trust.offerOrder(world.order(second), world.signal);
    expect((await world.open()).isFresh()).toBe(false);
  });
});
