import { describe, expect, it } from 'vitest';
import type { RootFile, TargetsFile } from '@bellwether/control-plane/catalog/role-file';
import { checkTrustChange, type TrustChange } from '@bellwether/control-plane/catalog/trust-change';
import { editRoot, editTargets, renewed } from '@bellwether/control-plane/publisher/key-edit';
import { signRoot, signTargets } from '@bellwether/control-plane/publisher/metadata-signing';
import { codeOf } from '@bellwether/shared/errors';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { firstTrust } from '../../support/first-trust.js';

const { base, keys } = firstTrust();
const { nowMs } = base;
const [publisher, other] = keys.publisher;
const none: ReadonlyMap<string, Uint8Array> = new Map();

const verdict = (change: TrustChange) => {
  try {
    checkTrustChange(base, change);
    return 'taken';
  } catch (error) {
    return codeOf(error);
  }
};
const revoked = editTargets(base.targets.file, { use: 'publisher', remove: publisher?.publicKey ?? '' }, nowMs);
const targetsOf = (signed: TargetsFile['signed'] | undefined, by = keys.targets.slice(0, 2)) => {
  if (signed === undefined) throw new TypeError('there is no edit');
  return signTargets(signed, by);
};
const rootOf = (signed: RootFile['signed'] | undefined, by = keys.root.slice(0, 2)) => {
  if (signed === undefined) throw new TypeError('there is no edit');
  return signRoot(signed, by);
};
const staging = base.roles.get('staging-digits');
if (staging === undefined || other === undefined) throw new TypeError('the set is incomplete');
const stagingAnew = (by = other) => signTargets(renewed(staging.file.signed, 180, nowMs), [by]);

describe('a change of who may sign', () => {
  it('is taken with every role signed by keys that stay', () => {
    const roles = new Map([['staging-digits', stagingAnew()]]);
    expect(verdict({ targets: targetsOf(revoked), roles })).toBe('taken');
  });

  it('is refused when a role that is listed would fail under it', () => {
    expect(verdict({ targets: targetsOf(revoked), roles: none })).toBe('role-would-fail');
    const byTheRevoked = new Map([['staging-digits', stagingAnew(keys.publisher[0])]]);
    expect(verdict({ targets: targetsOf(revoked), roles: byTheRevoked })).toBe('role-would-fail');
  });

  it('is refused without the quorum of targets', () => {
    const roles = new Map([['staging-digits', stagingAnew()]]);
    expect(verdict({ targets: targetsOf(revoked, keys.targets.slice(0, 1)), roles })).toBe('role-signature');
  });

  it('is refused when a role gets another list with it', () => {
    const target = { length: 1, hashes: { sha256: 'a'.repeat(64) } };
    const longer = {
      ...renewed(staging.file.signed, 180, nowMs),
      targets: { 'staging/digits/1.0.0/manifest.json': target },
    };
    const roles = new Map([['staging-digits', signTargets(longer, [other])]]);
    expect(verdict({ targets: targetsOf(revoked), roles })).toBe('role-policy');
  });

  it('is refused when devices’ policy would refuse it: one person in both roles', () => {
    const both = editTargets(base.targets.file, { use: 'approver', add: other.publicKey }, nowMs);
    expect(verdict({ targets: targetsOf(both), roles: none })).toBe('role-policy');
  });

  it('is refused when its base is stale', () => {
    const renewedTwice = { ...renewed(base.targets.file.signed, 365, nowMs), version: 3 };
    expect(verdict({ targets: targetsOf(renewedTwice), roles: none })).toBe('role-changed');
  });

  describe('of the root', () => {
    const next = generateKeyPair();
    const edited = editRoot(
      base.root,
      { use: 'root', add: next.publicKey, remove: keys.root[0]?.publicKey ?? '' },
      nowMs,
    );

    it('needs the old quorum and the new one', () => {
      const [first, second, third] = keys.root;
      if (first === undefined || second === undefined || third === undefined) throw new TypeError('three holders');
      expect(verdict({ root: rootOf(edited, [second, third]), roles: none })).toBe('taken');
      expect(verdict({ root: rootOf(edited, [first, second]), roles: none })).toBe('role-signature'); // the old one alone
      expect(verdict({ root: rootOf(edited, [second, next]), roles: none })).toBe('role-signature'); // the new one alone
    });

    it('is refused when it lowers a threshold, marks itself development or has expired', () => {
      const { signed } = base.root;
      const roles = { ...signed.roles, targets: { ...signed.roles.targets, threshold: 1 } };
      expect(verdict({ root: rootOf({ ...renewed(signed, 365, nowMs), roles }), roles: none })).toBe('role-policy');
      expect(verdict({ root: rootOf({ ...renewed(signed, 365, nowMs), 'x-bw-development': true }), roles: none })).toBe(
        'role-policy',
      );
      expect(verdict({ root: rootOf(renewed(signed, -1, nowMs)), roles: none })).toBe('role-expiry');
    });

    it('takes targets with it when their holders change', () => {
      const remove = keys.targets[2]?.publicKey ?? '';
      const two = editRoot(base.root, { use: 'targets', remove }, nowMs);
      expect(verdict({ root: rootOf(two), roles: none })).toBe('taken'); // the two that stay had signed it too
      const both = {
        ...two,
        roles: { ...two?.roles, targets: { keyids: two?.roles.targets.keyids.slice(0, 1) ?? [], threshold: 2 } },
      } as RootFile['signed'];
      expect(verdict({ root: rootOf(both), roles: none })).toBe('role-signature');
    });
  });
});
