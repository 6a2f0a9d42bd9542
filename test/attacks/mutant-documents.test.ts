import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DeviceCode, loadDeviceCode } from '../support/mutant-device.js';
import { type MutantWorld, makeMutantWorld } from '../support/mutant-world.js';
import { type MutantFormat, runMutants } from '../support/mutants.js';
import { type Patch, patchProduct, worktree } from '../support/patched-product.js';

let world: MutantWorld;
let product: DeviceCode;
beforeAll(async () => {
  world = await makeMutantWorld();
  product = await loadDeviceCode(join(worktree, 'agent', 'dist'));
});

describe('mutants of signed documents', () => {
  it('never act on a device: a sample of the ten thousand of `bench attacks`', { timeout: 120_000 }, async () => {
    const counts = await runMutants(product, world, { seed: 1, count: 250 });
    expect(counts.faults).toEqual([]);
    expect(counts).toMatchObject({ mutants: 250, accepted: 0, sameMeaningOwn: 0, crashed: 0 });
    expect(counts.resigned).toBeGreaterThanOrEqual(125);
    // Else nothing came far enough to be judged.
    expect(counts.allowed).toBeGreaterThan(12);
  });
});

/** A bug in one line, and the documents whose mutants shall find it. */
interface Bug extends Patch {
  readonly what: string;
  readonly formats: readonly MutantFormat[];
}

const bugs: readonly Bug[] = [
  {
    what: 'the runner is content with one signature',
    formats: ['online'],
    module: 'agent/trust/release-verifier-signatures',
    guard: 'signers.size >= role.threshold',
    permissive: 'signers.size >= 1',
  },
  {
    what: 'the runner does not look at signatures',
    formats: ['tuf'],
    module: 'agent/trust/release-verifier-signatures',
    guard: "if (verifyEd25519Nacl(key, message, Buffer.from(sig, 'hex')))",
    permissive: 'if (true)',
  },
  {
    what: 'tuf-js is content with one signature',
    formats: ['online'],
    module: 'agent/trust/repository-tuf-store',
    guard: 'if (signingKeys.size < role.threshold)',
    permissive: 'if (signingKeys.size < 1)',
  },
  {
    what: 'the listing does not ask the approvers',
    formats: ['tuf'],
    module: 'agent/trust/listing',
    guard: "if (sources.stage === 'production')",
    permissive: 'if (false)',
  },
  {
    what: 'the order gate forgets generations',
    formats: ['order'],
    module: 'agent/trust/order-gate',
    guard: 'if (generation < floor.generation)',
    permissive: 'if (false)',
  },
  {
    what: 'the order gate takes orders for others',
    formats: ['order'],
    module: 'agent/trust/order-gate',
    guard: 'if (id !== context.device.id || fingerprint !== context.device.fingerprint)',
    permissive: 'if (false)',
  },
  {
    what: 'envelopes pass with any signature',
    formats: ['order', 'time'],
    module: 'shared/signing/envelope',
    guard: 'if (keyIds.length === 0)',
    permissive: 'if (false)',
  },
  {
    what: 'envelopes may be written in many forms',
    formats: ['order', 'time'],
    module: 'shared/signing/envelope',
    guard: 'requireExactForm(envelope, bytes);',
    permissive: '',
  },
  {
    what: 'the time is for anybody',
    formats: ['time'],
    module: 'agent/trust/trusted-time',
    guard: 'time.deviceNonce === deviceNonce',
    permissive: 'true',
  },
  {
    what: 'keys may stand in JSON twice',
    formats: ['order'],
    module: 'shared/contract/strict-json',
    guard: 'if (entries.has(key))',
    permissive: 'if (false)',
  },
];

describe('a bug in one line of the verifiers is found by the mutants (control)', () => {
  it.each(bugs)('$what', { timeout: 60_000 }, async ({ formats, ...patch }) => {
    const patched = await patchProduct(patch);
    try {
      const code = await loadDeviceCode(patched.agentDist);
      const counts = await runMutants(code, world, { seed: 1, count: 2_000, formats, stopAtFault: true });
      expect(counts.faults).toHaveLength(1);
    } finally {
      await patched.remove();
    }
  });
});
