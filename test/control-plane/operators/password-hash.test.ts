import { scryptSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PasswordHasher } from '@bellwether/control-plane/operators/password-hash';
import { checkPassword } from '@bellwether/control-plane/operators/password-rules';
import { codeOf } from '@bellwether/shared/errors';

const quick = { n: 16, r: 1, p: 1 };
const password = 'correct horse battery';

describe('a password’s hash', () => {
  it('is scrypt (RFC 7914) with its own parameters and salt', async () => {
    const hash = await new PasswordHasher({ n: 1024, r: 8, p: 2 }).hash(password);
    const [scheme, cost, salt = '', key] = hash.split('$');
    expect([scheme, cost]).toEqual(['scrypt', 'n=1024,r=8,p=2']);
    const again = scryptSync(password, Buffer.from(salt, 'base64url'), 32, { N: 1024, r: 8, p: 2 });
    expect(again.toString('base64url')).toBe(key);
    expect(await new PasswordHasher(quick).hash(password)).not.toBe(await new PasswordHasher(quick).hash(password));
  });

  it('is checked with the parameters that it was made with', async () => {
    const hash = await new PasswordHasher({ n: 64, r: 2, p: 1 }).hash(password);
    const hasher = new PasswordHasher(quick);
    expect(await hasher.matches(password, hash)).toBe(true);
    expect(await hasher.matches(`${password} `, hash)).toBe(false);
    expect(await hasher.matches('cafe\u0301 in the morning', await hasher.hash('caf\u00e9 in the morning'))).toBe(true);
  });

  it('is never right where there is none, or where it is damaged', async () => {
    const hasher = new PasswordHasher(quick);
    for (const hash of [
      null,
      '',
      'scrypt$n=16,r=1,p=1$$',
      'plain',
      `scrypt$n=0,r=1,p=1$${'a'.repeat(22)}$${'a'.repeat(43)}`,
    ]) {
      expect(await hasher.matches('', hash)).toBe(false);
    }
  });

  it('keeps a line of bounded length, one at a time', async () => {
    const hasher = new PasswordHasher(quick);
    const results = await Promise.allSettled(Array.from({ length: 40 }, () => hasher.hash(password)));
    const refused = results.filter((each) => each.status === 'rejected');
    expect(refused).toHaveLength(24);
    expect(new Set(refused.map(({ reason }) => codeOf(reason)))).toEqual(new Set(['login-busy']));
    expect(await hasher.hash(password)).toContain('scrypt$');
  });
});

describe('a password that is chosen', () => {
  const verdict = (name: string, chosen: string) => {
    try {
      checkPassword(name, chosen);
      return 'good';
    } catch (error) {
      return codeOf(error);
    }
  };

  it.each([
    ['alice', password, 'good'],
    ['alice', '日本語のパスワードはどうですか', 'good'],
    ['alice', 'short', 'password-weak'],
    ['alice', 'a'.repeat(40), 'password-weak'],
    ['alice', 'alicealicealice', 'password-weak'],
    ['alice', 'Alice-Alice-Alice1', 'password-weak'],
    ['alice', '👍👍👍👍👍👍', 'password-weak'],
  ])('by %s: %s is %s', (name, chosen, want) => {
    expect(verdict(name, chosen)).toBe(want);
  });
});
