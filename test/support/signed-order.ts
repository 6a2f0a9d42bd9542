import type { Order, OrderedCanary } from '@bellwether/shared/contract/order';
import { deviceIdOf, fingerprintOf } from '@bellwether/shared/ids';
import { sha256 } from '@bellwether/shared/signing/digest';
import { sealEnvelope } from '@bellwether/shared/signing/envelope';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import type { SampleRelease } from './sample-release.js';

/** A device's id and fingerprint, made from its name. */
export function deviceNamed(name: string): { readonly id: string; readonly fingerprint: string } {
  const publicKey = sha256(Buffer.from(`key of ${name}`));
  return { id: deviceIdOf(name, publicKey), fingerprint: fingerprintOf(publicKey) };
}

/** The `models` of an order that names these releases. */
export function modelsOf(...releases: readonly SampleRelease[]): Order['models'] {
  return Object.fromEntries(
    releases.map(({ model, version, manifest }) => [model, { stable: { version, manifest: sha256(manifest) } }]),
  );
}

/** A release, and beside it a canary with a share of 0, for a minute, where nothing else is said. */
export function modelWithCanary(
  stable: SampleRelease,
  canary: SampleRelease,
  changes: Partial<OrderedCanary> = {},
): Order['models'][string] {
  const ordered = {
    version: canary.version,
    manifest: sha256(canary.manifest),
    rollout: 'r1',
    step: 0,
    mode: 'split',
    share: 0,
    salt: 'ab'.repeat(16),
    leaseSeconds: 60,
    ...changes,
  } as const;
  return { stable: { version: stable.version, manifest: sha256(stable.manifest) }, canary: ordered };
}

/** An order in its envelope. Without models it says `empty: true`. Unknown and wrong fields pass: attacks need them. */
export function signedOrder(
  director: KeyPair,
  fields: Pick<Order, 'device'> & Partial<Order> & Readonly<Record<string, unknown>>,
): Uint8Array {
  const order = {
    schema: 'bellwether.order.v1',
    epoch: 1,
    generation: 1,
    issuedAtMs: Date.UTC(2026, 0, 1),
    models: {},
    ...(fields.models === undefined ? { empty: true } : {}),
    ...fields,
  };
  return sealEnvelope('order', order, [director]);
}
