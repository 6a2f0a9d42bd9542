import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeviceTrust } from '@bellwether/agent/trust/device-trust';
import { trustRules } from '@bellwether/agent/trust/trust-rules';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import { sealEnvelope } from '@bellwether/shared/signing/envelope';
import { type OrderRule, orderGateWithout } from '../support/lenient-order-gate.js';
import { type TufRule, tufWithout } from '../support/lenient-tuf-core.js';
import { refusalCode } from '../support/refusal-code.js';
import { sampleRelease } from '../support/sample-release.js';
import { deviceNamed, modelsOf, signedOrder } from '../support/signed-order.js';
import { newKeyPair } from '../support/signed-repository.js';
import { TrustWorld } from '../support/trust-world.js';

/** Controls are worth what their permissive guards are: each must lack its one rule, and no other. */

const first = sampleRelease('digits', '1.0.0');
const nonce = 'ab'.repeat(32);

describe('a lenient TUF core', () => {
  let base: TrustWorld;
  let world: TrustWorld;
  beforeAll(async () => {
    base = await TrustWorld.start();
    await base.repository.addRelease(first);
    await base.openWith(first);
  });
  afterAll(() => base.stop());
  beforeEach(async () => {
    world = await base.fork();
  });
  afterEach(() => world.stop());

  const breaches: Readonly<Record<TufRule, (trust: DeviceTrust) => Promise<void>>> = {
    signatures: async () => {
      world.repository.timestamp.signers = [newKeyPair()];
      await world.repository.publish();
    },
    versions: async () => {
      world.repository.timestamp.signed.version = 0;
      await world.repository.publish();
    },
    expiry: async (trust) => {
      const time = { deviceNonce: nonce, timeMs: Date.UTC(2050, 0, 2) };
      expect(trust.offerTime(sealEnvelope('time', time, [world.repository.keys.time]), nonce)).toBe(true);
      world.repository.timestamp.signed.expires = '2050-01-01T00:00:00Z';
      await world.repository.publish();
    },
    hashes: async () => {
      world.repository.snapshot.signed.meta['targets.json'] = { version: 1, hashes: { sha256: '0'.repeat(64) } };
      await world.repository.publish();
    },
  };

  const verdict = async (breach: TufRule, leftOut?: TufRule) => {
    const rules = { ...trustRules, floors: () => undefined };
    const trust = await world.open({}, { rules, update: tufWithout(leftOut) });
    await breaches[breach](trust);
    return refusalCode(() => trust.refresh(world.signal));
  };

  it.each<[TufRule, string]>([
    ['signatures', 'metadata-refused'],
    ['versions', 'metadata-refused'],
    ['expiry', 'metadata-stale'],
    ['hashes', 'metadata-refused'],
  ])('knows %s', async (rule, code) => {
    expect(await verdict(rule)).toBe(code);
  });

  it.each<TufRule>(['signatures', 'versions', 'expiry', 'hashes'])('lacks %s, when it is left out', async (rule) => {
    expect(await verdict(rule, rule)).toBe('passed');
  });
});

describe('a lenient order gate', () => {
  const director = newKeyPair();
  const device = deviceNamed('meadow');
  const keys = [{ keyid: keyIdOf(director.publicKey), public: director.publicKey, use: 'director' as const }];
  const onlineKeys = { schema: 'bellwether.online-keys.v1' as const, epoch: 1, keys };
  const order = { device, generation: 5, models: modelsOf(first) };
  const accepted = { order: { ...order, epoch: 1 } as never, digest: 'none' };
  const newer = { ...order, generation: 6 };
  const breaches: Readonly<Record<OrderRule, () => Uint8Array>> = {
    'exact envelope': () => {
      const envelope = JSON.parse(Buffer.from(signedOrder(director, newer)).toString()) as object;
      return Buffer.from(JSON.stringify({ ...envelope, settings: {} }));
    },
    signature: () => signedOrder(newKeyPair(), newer),
    device: () => signedOrder(director, { ...newer, device: deviceNamed('other') }),
    newness: () => signedOrder(director, order),
    schema: () => signedOrder(director, { ...newer, settings: { windowSeconds: 86_400 } }),
  };
  const verdict = (bytes: Uint8Array, leftOut?: OrderRule) =>
    refusalCode(() => orderGateWithout(leftOut)(bytes, { device, onlineKeys, accepted }));

  it('takes a genuine order', async () => {
    expect(await verdict(signedOrder(director, newer))).toBe('passed');
  });

  it.each<[OrderRule, string]>([
    ['exact envelope', 'order-malformed'],
    ['signature', 'order-signature'],
    ['device', 'order-device'],
    ['newness', 'generation-old'],
    ['schema', 'order-schema'],
  ])('knows %s, and lacks it when it is left out', async (rule, code) => {
    expect(await verdict(breaches[rule]())).toBe(code);
    expect(await verdict(breaches[rule](), rule)).toBe('passed');
  });
});
