import { describe, expect, it } from 'vitest';
import type { VerdictBundle } from '@bellwether/control-plane/rollouts/verdict/bundle';
import {
  type BundleFile,
  openBundle,
  replay,
  sealBundle,
} from '@bellwether/control-plane/rollouts/verdict/bundle-file';
import { pairedLook } from '@bellwether/control-plane/rollouts/verdict/bundle-look';
import { verdictVersion } from '@bellwether/control-plane/rollouts/verdict/verdict';
import { codeOf } from '@bellwether/shared/errors';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { arms, devices, look, segment } from '../../../support/fleet-evidence.js';
import { readVector } from '../../../support/vectors.js';
import { rfcKey, sampleBundles } from '../../../support/verdict-bundles.js';

const vectors = (version: number) => readVector<Readonly<Record<string, BundleFile>>>(`verdict-v${version}`);
const golden = vectors(verdictVersion);
const former = vectors(1);
const bytesOf = (file: BundleFile) => Buffer.from(JSON.stringify(file));
const samples = sampleBundles();
const never = (): never => {
  throw new Error('no such bundle');
};

/** The code that refuses a bundle; undefined when it is replayed. */
function refusal(file: BundleFile, publicKey?: string): string | undefined {
  try {
    replay(openBundle(bytesOf(file), publicKey));
    return undefined;
  } catch (error) {
    return codeOf(error) ?? 'uncoded';
  }
}

/** The whole bundle under a right signature: what a server would write that lies. */
function lied(change: (bundle: VerdictBundle) => VerdictBundle): BundleFile {
  const { fail } = samples;
  if (fail === undefined) throw new Error('no sample');
  return sealBundle(change(fail), rfcKey);
}

describe('the golden bundles', () => {
  it.each(Object.keys(golden))('of this verdictVersion give the same verdict again: %s', (name) => {
    const file = golden[name];
    if (file === undefined) throw new Error('no such bundle');
    const bundle = openBundle(bytesOf(file), rfcKey.publicKey);
    expect(replay(bundle).value).toBe(bundle.verdict.value);
  });

  it.each(Object.keys(former))('of version 1 too, by its own rules: %s', (name) => {
    const bundle = openBundle(bytesOf(former[name] ?? never()), rfcKey.publicKey);
    expect(replay(bundle)).toMatchObject({ version: 1, value: bundle.verdict.value });
  });

  it('are one for each way to decide, with the values that they should have', () => {
    const values = Object.entries(golden).map(([name, file]) => {
      const { verdict } = openBundle(bytesOf(file));
      return [name, verdict.value, verdict.reasons[0]?.code];
    });
    expect(values).toEqual([
      ['fail', 'fail', 'harm'],
      ['failLate', 'fail', 'harm'],
      ['failShadow', 'fail', 'harm'],
      ['pass', 'pass', 'enough'],
      ['passQuiet', 'pass', 'enough'],
      ['single', 'inconclusive', 'single-device'],
      ['outage', 'inconclusive', 'both-arms'],
      ['unmeasured', 'error', 'not-measured'],
      ['unpaired', 'pass', 'unpaired-within'],
    ]);
  });

  it('are what the samples are today, byte for byte: else the verdictVersion is another one', () => {
    for (const [name, bundle] of Object.entries(samples)) {
      expect({ [name]: sealBundle(bundle, rfcKey) }).toEqual({ [name]: golden[name] });
    }
  });
});

describe('a bundle', () => {
  it('is the same whatever the order in which devices and segments were heard', () => {
    const fleet = devices(4, [segment({ epoch: 2 }), segment({ cells: { error: arms(1, 0) } })]);
    const turned = fleet.toReversed().map((each) => ({ ...each, segments: each.segments.toReversed() }));
    expect(pairedLook(look(turned))).toEqual(pairedLook(look(fleet)));
  });
});

describe('a tampered bundle is named', () => {
  it('when a byte of its payload is another', () => {
    const [file] = Object.values(golden);
    if (file === undefined) throw new Error('no bundle');
    const payload = Buffer.from(
      Buffer.from(file.envelope.payload, 'base64').toString().replace('"canary":6', '"canary":0'),
    );
    expect(payload.toString()).toContain('"canary":0');
    const changed = { ...file, envelope: { ...file.envelope, payload: payload.toString('base64') } };
    expect(refusal(changed)).toBe('signature');
    expect(refusal(file)).toBeUndefined();
  });

  it('when another key signed it than the one that is trusted', () => {
    const [bundle] = Object.values(samples);
    if (bundle === undefined) throw new Error('no bundle');
    const other = sealBundle(bundle, generateKeyPair());
    expect(refusal(other)).toBeUndefined();
    expect(refusal(other, rfcKey.publicKey)).toBe('verdict-key');
    expect(refusal({ ...other, public: rfcKey.publicKey }, rfcKey.publicKey)).toBe('signature');
  });

  it('when the verdict is not that of its counters', () => {
    const changed = (change: Partial<VerdictBundle['verdict']>) =>
      refusal(lied((bundle) => ({ ...bundle, verdict: { ...bundle.verdict, ...change } })));
    expect(changed({ value: 'pass' })).toBe('verdict-differs');
    expect(changed({ logHarm: 4.7 })).toBe('verdict-differs');
    expect(changed({ passedStrata: ['pi'] })).toBe('verdict-differs');
    expect(changed({ drop: ['d0'] })).toBe('verdict-differs');
    expect(changed({})).toBeUndefined();
    const [reason] = samples.fail?.verdict.reasons ?? [];
    if (reason === undefined) throw new Error('no reason');
    expect(changed({ reasons: [{ ...reason, text: 'nothing happened' }] })).toBe('verdict-differs');
    expect(changed({ reasons: [{ ...reason, numbers: { ...reason.numbers, canaryBad: 1 } }] })).toBe('verdict-differs');
  });

  it('when the counters are not those of its verdict', () => {
    const emptied = lied((bundle) => ({ ...bundle, look: pairedLook(look(devices(5, []))) }));
    expect(refusal(emptied)).toBe('verdict-differs');
  });

  it('when the limits are not those of its policy', () => {
    expect(refusal(lied((bundle) => ({ ...bundle, limits: { ...bundle.limits, alpha: 0.2 } })))).toBe('verdict-limits');
    expect(refusal(lied((bundle) => ({ ...bundle, policy: { alpha: 0.02 } })))).toBe('verdict-limits');
  });
});
