import { describe, expect, it } from 'vitest';
import { checkTrustChange } from '@bellwether/control-plane/catalog/trust-change';
import { keyChange, newFamily, type TrustEdit } from '@bellwether/control-plane/publisher/next-files';
import {
  decodePreparedChange,
  type PreparedChange,
  prepareChange,
  signPrepared,
  trustChangeOf,
} from '@bellwether/control-plane/publisher/prepared-change';
import { codeOf } from '@bellwether/shared/errors';
import type { KeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair, type KeyPair } from '@bellwether/shared/signing/key-pair';
import { firstTrust } from '../../support/first-trust.js';

const { base, keys } = firstTrust();
const all = {
  ...base,
  rootBytes: new Uint8Array(),
  onlineKeys: { schema: 'bellwether.online-keys.v1' as const, epoch: 1, keys: [] },
};
const newcomer = generateKeyPair();
const fileOf = ({ publicKey, seed }: KeyPair, use: KeyFile['use']): KeyFile => ({
  version: 1,
  use,
  public: publicKey,
  seed,
});
const rootKey = (i: number) => fileOf(keys.root[i] ?? newcomer, 'root');

/** A change as it comes out of the file that travels. */
const carried = (change: PreparedChange) => decodePreparedChange(Buffer.from(JSON.stringify(change)), 'change');
const prepared = async (edit: TrustEdit) => carried(prepareChange(all, await edit(all)));
const swap = () =>
  prepared(keyChange({ use: 'root', remove: keys.root[0]?.publicKey ?? '', add: newcomer.publicKey }, base.nowMs));
const verdict = (change: PreparedChange) => {
  try {
    checkTrustChange(base, trustChangeOf(change));
    return 'taken';
  } catch (error) {
    return codeOf(error);
  }
};

describe('a change that its holders sign apart', () => {
  it('stands once the quorum has signed, one after the other', async () => {
    const nobody = await swap();
    expect(verdict(nobody)).toBe('key-needed');
    const one = carried(signPrepared(nobody, [rootKey(1)]));
    expect(verdict(one)).toBe('role-signature');
    const two = carried(signPrepared(one, [rootKey(2)]));
    expect(verdict(two)).toBe('taken');
    expect(two.root?.signatures).toHaveLength(2);
  });

  it('takes no signature twice, and none of a key that has no part in it', async () => {
    const one = signPrepared(await swap(), [rootKey(1)]);
    expect(() => signPrepared(one, [rootKey(1)])).toThrow(/none of the keys given/);
    const publisher = keys.publisher[0];
    expect(() => signPrepared(one, publisher === undefined ? [] : [fileOf(publisher, 'publisher')])).toThrow(
      /none of the keys given/,
    );
  });

  it('that somebody alters on the way is no longer signed', async () => {
    const both = signPrepared(await swap(), [rootKey(1), rootKey(2)]);
    if (both.root === undefined) throw new TypeError('there is no root in it');
    const signed = { ...both.root.signed, expires: '2099-01-01T00:00:00Z' };
    expect(verdict({ ...both, root: { ...both.root, signed } })).toBe('role-signature');
  });

  it('may be a new family, whose first files a publisher and an approver sign', async () => {
    const change = await prepared(newFamily('vad', base.nowMs));
    expect(Object.keys(change.roles)).toEqual(['staging-vad', 'production-vad']);
    const by = [...keys.targets.slice(0, 2), ...keys.publisher, ...keys.approver].map((key) => fileOf(key, 'targets'));
    const signed = signPrepared(change, by);
    expect(signed.roles['staging-vad']?.signatures).toHaveLength(1);
    expect(verdict(signed)).toBe('taken');
    await expect(prepared(newFamily('digits', base.nowMs))).rejects.toThrow(/has the family digits already/);
    await expect(prepared(newFamily('Vad', base.nowMs))).rejects.toThrow(/is no model family/);
  });
});
