import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  deviceIdOf,
  deviceIdPattern,
  familyOf,
  fingerprintOf,
  formatReleaseId,
  parseReleaseId,
  shardOf,
  versionPattern,
} from '@bellwether/shared/ids';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import { readVector } from '../support/vectors.js';

const vector = readVector<{
  shards: Record<string, string>;
  deviceIds: { name: string; publicKey: string; fingerprint: string; device: string; keyid: string }[];
}>('ids');
const version = new RegExp(versionPattern);

describe('release ids', () => {
  it.each([
    ['digits@1.4.0', { model: 'digits', version: '1.4.0' }],
    ['silero-vad@5.0.0-rc.1', { model: 'silero-vad', version: '5.0.0-rc.1' }],
  ])('reads %s and writes it again', (text, id) => {
    expect(parseReleaseId(text)).toEqual(id);
    expect(formatReleaseId(id)).toBe(text);
  });

  it.each([
    '',
    '@',
    'digits',
    'digits@',
    '@1.0.0',
    'digits@1.0',
    'digits@1.0.0.0',
    'digits@01.0.0',
    'digits@1.0.0+build',
    'digits@1.0.0-',
    'digits@1.0.0-a..b',
    'digits@1.0.0\n',
    'digits@@1.0.0',
    'a@b@1.0.0',
    'Digits@1.0.0',
    '-digits@1.0.0',
    '../digits@1.0.0',
    `${'a'.repeat(64)}@1.0.0`,
  ])('refuses %j', (text) => {
    expect(parseReleaseId(text)).toBeUndefined();
  });

  it('takes the family of a model from before its first dash', () => {
    expect(['digits', 'digits-large', 'a-b-c'].map(familyOf)).toEqual(['digits', 'digits', 'a']);
  });
});

describe('versions', () => {
  it('refuses a pre-release number with leading zeros (SemVer clause 9)', () => {
    expect(['1.0.0-0', '1.0.0-0a', '1.0.0-10.0', '1.0.0-a.0'].every((text) => version.test(text))).toBe(true);
    expect(['1.0.0-01', '1.0.0-a.007', '1.0.0-00'].some((text) => version.test(text))).toBe(false);
  });

  it('are ordered as in the examples of SemVer clause 11', () => {
    const ascending = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '2.0.0',
      '2.1.0',
      '2.1.1',
      '2.1.10',
      '2.10.0',
      '11.0.0',
    ];
    for (const [i, a] of ascending.entries()) {
      for (const [j, b] of ascending.entries()) expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(i - j));
    }
  });

  it('are told apart beyond 2^53', () => {
    expect(compareVersions('1.0.0-90071992547409920', '1.0.0-90071992547409921')).toBeLessThan(0);
    expect(compareVersions('1.0.0-9', '1.0.0-90071992547409921')).toBeLessThan(0);
  });

  it('have one order: total, antisymmetric, and equal only when the text is', () => {
    const identifier = fc.oneof(
      fc.nat({ max: 30 }).map(String),
      fc.stringMatching(/^[0-9A-Za-z-]{1,4}$/).filter((text) => !/^0\d+$/.test(text)),
    );
    const any = fc
      .tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.array(identifier, { maxLength: 3 }))
      .map(([a, b, c, pre]) => `${a}.${b}.${c}${pre.length > 0 ? `-${pre.join('.')}` : ''}`);
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        expect(version.test(a)).toBe(true);
        expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)));
        expect(compareVersions(a, b) === 0).toBe(a === b);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});

describe('device ids', () => {
  it.each(vector.deviceIds)('are name and fingerprint: $device', ({ name, publicKey, fingerprint, device, keyid }) => {
    expect(fingerprintOf(publicKey)).toBe(fingerprint);
    expect(deviceIdOf(name, publicKey)).toBe(device);
    expect(keyIdOf(publicKey)).toBe(keyid);
    expect(new RegExp(deviceIdPattern).test(device)).toBe(true);
  });

  it.each(Object.entries(vector.shards))('puts %s in %s', (device, shard) => {
    expect(shardOf(device)).toBe(shard);
  });
});
