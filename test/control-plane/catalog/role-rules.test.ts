import { describe, expect, it } from 'vitest';
import { CatalogError } from '@bellwether/control-plane/catalog/catalog-error';
import { roleMark } from '@bellwether/control-plane/catalog/repository-layout';
import type { RoleFile } from '@bellwether/control-plane/catalog/role-file';
import { checkRole } from '@bellwether/control-plane/catalog/role-rules';
import { roleOf } from '../../support/signed-roles.js';

const file = (signed: RoleFile['signed']): RoleFile => ({ signatures: [], signed });
const target = (digit: string) => ({ length: 10, hashes: { sha256: digit.repeat(64) } });
const nowMs = Date.now();

const staging = roleOf('staging', 4, { '1.0.0': target('a'), '1.1.0': target('b') });
const production = roleOf('production', 2, { '1.0.0': target('a') });

const offerStaging = (next: RoleFile['signed']) =>
  checkRole(file(next), {
    id: { stage: 'staging', family: 'digits' },
    current: file(staging),
    other: file(production),
    nowMs,
  });
const offerProduction = (next: RoleFile['signed'], at = nowMs) =>
  checkRole(file(next), {
    id: { stage: 'production', family: 'digits' },
    current: file(production),
    other: file(staging),
    nowMs: at,
  });

const refusal = (offer: () => unknown): string => {
  try {
    offer();
  } catch (error) {
    if (error instanceof CatalogError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('a new version of a role', () => {
  it('may list a release more, and only that one is new', () => {
    const next = roleOf('staging', 5, { '1.0.0': target('a'), '1.1.0': target('b'), '1.2.0': target('c') });
    expect(offerStaging(next)).toEqual([{ release: { model: 'digits', version: '1.2.0' }, target: target('c') }]);
  });

  it('may put a tombstone on a release', () => {
    const withdrawn = { ...target('b'), custom: { withdrawn: 'it mistakes 4 for 9' } };
    expect(offerStaging(roleOf('staging', 5, { '1.0.0': target('a'), '1.1.0': withdrawn }))).toEqual([]);
  });

  it('may approve what is staged', () => {
    const next = roleOf('production', 3, { '1.0.0': target('a'), '1.1.0': target('b') });
    expect(offerProduction(next).map(({ release }) => release.version)).toEqual(['1.1.0']);
  });

  it.each([3, 4, 6])('is refused as version %i where version 5 is the next', (version) => {
    expect(refusal(() => offerStaging({ ...staging, version }))).toBe('role-changed');
  });

  it('is refused under another role’s name', () => {
    expect(refusal(() => offerStaging({ ...staging, version: 5, [roleMark]: 'production-digits' }))).toBe(
      'role-policy',
    );
  });

  it.each(['2026-99-99T00:00:00Z', new Date(nowMs - 1000).toISOString()])(
    'is refused when it expires at %s',
    (expires) => {
      expect(refusal(() => offerStaging({ ...staging, version: 5, expires }))).toBe('role-expiry');
    },
  );

  it('is refused when it leaves a release out', () => {
    expect(refusal(() => offerStaging(roleOf('staging', 5, { '1.0.0': target('a') })))).toBe('release-removed');
  });

  it('is refused when a release gets other bytes', () => {
    const next = roleOf('staging', 5, { '1.0.0': target('a'), '1.1.0': target('c') });
    expect(refusal(() => offerStaging(next))).toBe('release-changed');
  });

  it('is refused when a release keeps its digest but not its length', () => {
    const next = roleOf('staging', 5, { '1.0.0': target('a'), '1.1.0': { ...target('b'), length: 11 } });
    expect(refusal(() => offerStaging(next))).toBe('release-changed');
  });

  it.each([
    'production/digits/1.2.0/manifest.json',
    'staging/digitsx/1.2.0/manifest.json',
    'staging/digits/1.2/manifest.json',
    'staging/digits/1.2.0/model.onnx',
    'staging/digits/1.2.0/manifest.json/x',
    'keys/online.json',
  ])('is refused when it lists %s', (path) => {
    const next = { ...staging, version: 5, targets: { ...staging.targets, [path]: target('c') } };
    expect(refusal(() => offerStaging(next))).toBe('release-path');
  });

  it('may list the models whose names begin with the family’s and a dash', () => {
    const path = 'staging/digits-large/1.0.0/manifest.json';
    const next = { ...staging, version: 5, targets: { ...staging.targets, [path]: target('c') } };
    expect(offerStaging(next).map(({ release }) => release.model)).toEqual(['digits-large']);
  });

  it('is refused when it approves what was never staged', () => {
    const next = roleOf('production', 3, { '1.0.0': target('a'), '1.2.0': target('c') });
    expect(refusal(() => offerProduction(next))).toBe('not-staged');
  });

  it('is refused when it approves other bytes than the staged ones', () => {
    const next = roleOf('production', 3, { '1.0.0': target('a'), '1.1.0': target('c') });
    expect(refusal(() => offerProduction(next))).toBe('release-changed');
  });

  it('may withdraw a release, and never take that back', () => {
    const withdrawn = { ...target('a'), custom: { withdrawn: 'wrong data' } };
    const tombstone = roleOf('staging', 5, { '1.0.0': withdrawn, '1.1.0': target('b') });
    expect(offerStaging(tombstone)).toEqual([]);
    const lifted = roleOf('staging', 6, { '1.0.0': target('a'), '1.1.0': target('b') });
    const current = { signatures: [], signed: tombstone };
    const context = {
      id: { stage: 'staging', family: 'digits' } as const,
      current,
      other: { signatures: [], signed: production },
      nowMs,
    };
    expect(refusal(() => checkRole({ signatures: [], signed: lifted }, context))).toBe('withdrawal-removed');
  });
});
