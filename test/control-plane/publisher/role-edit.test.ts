import { describe, expect, it } from 'vitest';
import { PublisherError } from '@bellwether/control-plane/publisher/publisher-error';
import { withListing, withTombstone } from '@bellwether/control-plane/publisher/role-edit';
import { roleOf } from '../../support/signed-roles.js';

const target = (digit: string) => ({ length: 10, hashes: { sha256: digit.repeat(64) } });
const withdrawn = { ...target('a'), custom: { withdrawn: 'reason' } };
const base = {
  signatures: [],
  signed: { ...roleOf('staging', 4, { '1.0.0': withdrawn }), 'x-of-tomorrow': { kept: true } },
};
const path = 'staging/digits/1.1.0/manifest.json';
const nowMs = Date.UTC(2026, 0, 1);

describe('the next version of a role', () => {
  it('has one release more, a new expiry, and everything else as it was', () => {
    expect(withListing(base, { path, target: target('b') }, nowMs)).toEqual({
      ...base.signed,
      version: 5,
      expires: '2026-06-30T00:00:00Z',
      targets: { ...base.signed.targets, [path]: target('b') },
    });
  });

  it('is not made for what is listed already, tombstones included', () => {
    const listed = { path: 'staging/digits/1.0.0/manifest.json', target: target('a') };
    expect(withListing(base, listed, nowMs)).toBeUndefined();
  });

  it('never changes a release', () => {
    const changed = { path: 'staging/digits/1.0.0/manifest.json', target: target('b') };
    expect(() => withListing(base, changed, nowMs)).toThrow(PublisherError);
  });
});

describe('a tombstone', () => {
  it('is an entry more, or a remark on the one that is there; nothing else changes', () => {
    const absent = { path, target: target('b'), reason: 'wrong data' };
    expect(withTombstone(base, absent, nowMs)).toEqual({
      ...base.signed,
      version: 5,
      expires: '2026-06-30T00:00:00Z',
      targets: { ...base.signed.targets, [path]: { ...target('b'), custom: { withdrawn: 'wrong data' } } },
    });
  });

  it('is not signed twice', () => {
    const again = { path: 'staging/digits/1.0.0/manifest.json', target: target('a'), reason: 'other' };
    expect(withTombstone(base, again, nowMs)).toBeUndefined();
  });
});
