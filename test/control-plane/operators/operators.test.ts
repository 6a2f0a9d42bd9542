import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '@bellwether/control-plane/operators/role';
import { codeOf } from '@bellwether/shared/errors';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { firstToken, peopleOn } from '../../support/people.js';

let database: TestDatabase;
let people: ReturnType<typeof peopleOn>;
beforeEach(async () => {
  database = await temporaryDatabase();
  people = peopleOn(database);
});
afterEach(() => database.remove());

const password = 'correct horse battery';
const bearer = ['api-token', 'login'] as const;
const day = 24 * 60 * 60_000;

async function add(name: string, role: Role): Promise<void> {
  people.operators.add('admin', { name, role, password: await people.hasher.hash(password) });
}
const enter = (name: string, as: 'session' | 'token' = 'token', secret = password) =>
  people.logins.enter({ name, password: secret, as }, '192.0.2.1');
const refusal = (act: () => unknown) => {
  try {
    act();
    return 'allowed';
  } catch (error) {
    return codeOf(error);
  }
};
const refusalLater = (act: Promise<unknown>) =>
  act.then(
    () => 'allowed',
    (error: unknown) => codeOf(error),
  );

describe('the first admin', () => {
  it('is made once: neither a later start nor another token makes a second', () => {
    people.operators.begin(`${firstToken}-of-another-start`);
    expect(people.operators.all()).toMatchObject([{ name: 'admin', role: 'admin', password: null }]);
    expect(people.operators.callerOf(firstToken, bearer)).toMatchObject({ name: 'admin', role: 'admin' });
    expect(refusal(() => people.operators.callerOf(`${firstToken}-of-another-start`, bearer))).toBe(
      'operator-token-invalid',
    );
    expect(people.said()).toEqual(['operator.add admin']);
  });

  it('is not made again after its token was revoked', () => {
    const [credential] = people.operators.credentials();
    people.operators.revoke('admin', credential?.id ?? '', 'api-token.revoke');
    people.operators.begin(firstToken);
    expect(refusal(() => people.operators.callerOf(firstToken, bearer))).toBe('operator-token-invalid');
  });

  it('is back with a new token for whoever owns the server, whatever became of the account', async () => {
    await add('alice', 'admin');
    people.operators.remove('alice', 'admin');
    people.operators.begin('bwo_another-token-of-these-tests-1', true);
    expect(people.operators.callerOf('bwo_another-token-of-these-tests-1', bearer).role).toBe('admin');
    people.operators.setRole('alice', 'admin', 'viewer');
    people.operators.begin('bwo_another-token-of-these-tests-2', true);
    expect(people.operators.callerOf('bwo_another-token-of-these-tests-2', bearer).role).toBe('admin');
    expect(refusal(() => people.operators.callerOf('bwo_another-token-of-these-tests-1', bearer))).toBe(
      'operator-token-invalid',
    );
    expect(people.said().filter((line) => line.startsWith('operator.recover'))).toHaveLength(2);
  });

  it('cannot be the last to go', async () => {
    expect(refusal(() => people.operators.remove('admin', 'admin'))).toBe('last-admin');
    expect(refusal(() => people.operators.setRole('admin', 'admin', 'viewer'))).toBe('last-admin');
    await add('alice', 'admin');
    people.operators.remove('alice', 'admin');
    expect(refusal(() => people.operators.callerOf(firstToken, bearer))).toBe('operator-token-invalid');
  });
});

describe('a secret', () => {
  it('is not in the database, in any form that opens something', async () => {
    await add('alice', 'viewer');
    const { secret } = await enter('alice');
    const rows = JSON.stringify([
      database.sqlite.prepare('select * from credentials').all(),
      database.sqlite.prepare('select * from operators').all(),
      database.sqlite.prepare('select * from audit_rows').all(),
    ]);
    for (const word of [secret, firstToken, password]) expect(rows).not.toContain(word);
  });

  it('opens what its kind is for only: a session is no Bearer token, and a token no cookie', async () => {
    await add('alice', 'viewer');
    const { secret } = await enter('alice', 'session');
    expect(refusal(() => people.operators.callerOf(secret, bearer))).toBe('operator-token-invalid');
    expect(refusal(() => people.operators.callerOf(firstToken, ['session']))).toBe('operator-token-invalid');
    expect(people.operators.callerOf(secret, ['session']).name).toBe('alice');
  });

  it('opens nothing once its time is over, its owner gone, or the password another', async () => {
    await add('alice', 'viewer');
    await add('bob', 'viewer');
    await add('carol', 'viewer');
    const [alice, bob, carol] = [await enter('alice'), await enter('bob'), await enter('carol')];
    people.operators.remove('admin', 'bob');
    people.operators.setPassword('carol', 'carol', await people.hasher.hash(`${password}!`));
    const said = [bob, carol].map(({ secret }) => refusal(() => people.operators.callerOf(secret, bearer)));
    expect(said).toEqual(['operator-token-invalid', 'operator-token-invalid']);
    await people.clock.advance(day / 2 - 1);
    expect(people.operators.callerOf(alice.secret, bearer).name).toBe('alice');
    await people.clock.advance(1);
    expect(refusal(() => people.operators.callerOf(alice.secret, bearer))).toBe('operator-token-invalid');
  });

  it('gives the role that its owner has by now, and never more than its own', async () => {
    await add('alice', 'approver');
    const { secret } = await enter('alice');
    const caller = people.operators.callerOf(secret, bearer);
    const token = people.tokens.create(caller, { label: 'ci', role: 'operator', days: 1 }).secret;
    const rolesNow = () => [secret, token].map((each) => people.operators.callerOf(each, bearer).role);
    expect(rolesNow()).toEqual(['approver', 'operator']);
    people.operators.setRole('admin', 'alice', 'viewer');
    expect(rolesNow()).toEqual(['viewer', 'viewer']);
    people.operators.setRole('admin', 'alice', 'admin');
    expect(rolesNow()).toEqual(['admin', 'operator']);
  });

  it('makes room: twenty logins stay, the oldest go', async () => {
    await add('alice', 'viewer');
    const made: string[] = [];
    for (let i = 0; i < 21; i++) {
      made.push((await enter('alice')).secret);
      await people.clock.advance(3000);
    }
    expect(refusal(() => people.operators.callerOf(made[0] ?? '', bearer))).toBe('operator-token-invalid');
    expect(people.operators.callerOf(made[1] ?? '', bearer).name).toBe('alice');
  });
});

describe('somebody who stays', () => {
  const stay = (secret: string) => {
    let ended = 0;
    const leave = people.operators.stay(secret, bearer, () => {
      ended++;
    });
    return { leave, ended: () => ended };
  };

  it('is sent away when the token is revoked, and when its time is over', async () => {
    await add('alice', 'viewer');
    const alice = await enter('alice');
    const [first, second] = [stay(firstToken), stay(alice.secret)];
    people.operators.revoke('admin', alice.credential.id, 'api-token.revoke');
    expect([first.ended(), second.ended()]).toEqual([0, 1]);
    const again = await enter('alice');
    const third = stay(again.secret);
    await people.clock.advance(day / 2);
    expect([first.ended(), second.ended(), third.ended()]).toEqual([0, 1, 1]);
    first.leave();
  });
});

describe('a login', () => {
  it('is refused with the same words whatever was wrong, and written down', async () => {
    await add('alice', 'viewer');
    people.operators.add('admin', { name: 'robot', role: 'viewer', password: null });
    for (const name of ['alice', 'nobody', 'robot']) {
      expect(await refusalLater(enter(name, 'token', 'wrong'))).toBe('login-invalid');
    }
    expect(people.said().slice(-3)).toEqual(['login.fail alice', 'login.fail nobody', 'login.fail robot']);
    await enter('alice');
    expect(people.said().at(-1)).toBe('login.enter alice');
  });

  it('is locked after five failures even with the right password, and free after the wait', async () => {
    await add('alice', 'viewer');
    for (let i = 0; i < 5; i++) expect(await refusalLater(enter('alice', 'token', 'wrong'))).toBe('login-invalid');
    expect(await refusalLater(enter('alice'))).toBe('login-locked');
    await people.clock.advance(30_000);
    expect(await refusalLater(enter('alice'))).toBe('allowed');
  });

  it('changes its own password only with the current one', async () => {
    await add('alice', 'viewer');
    const change = (current: string, next: string) =>
      refusalLater(people.logins.changeOwn('alice', { current, password: next, address: '192.0.2.1' }));
    expect(await change('wrong', 'another good password')).toBe('login-invalid');
    expect(await change(password, 'short')).toBe('password-weak');
    expect(await change(password, 'another good password')).toBe('allowed');
    expect(await refusalLater(enter('alice'))).toBe('login-invalid');
    expect(await refusalLater(enter('alice', 'token', 'another good password'))).toBe('allowed');
  });
});

describe('an API token', () => {
  const callerOf = (secret: string) => people.operators.callerOf(secret, bearer);
  const request = { label: 'ci', role: 'viewer', days: 30 } as const;

  it('cannot do more than whoever makes it, nor be made for somebody else', async () => {
    await add('alice', 'operator');
    const alice = callerOf((await enter('alice')).secret);
    expect(refusal(() => people.tokens.create(alice, { ...request, role: 'approver' }))).toBe('role-insufficient');
    expect(refusal(() => people.tokens.create(alice, { ...request, operator: 'admin' }))).toBe('role-insufficient');
    const admin = callerOf(firstToken);
    expect(refusal(() => people.tokens.create(admin, { ...request, operator: 'alice', role: 'admin' }))).toBe(
      'role-insufficient',
    );
    expect(callerOf(people.tokens.create(admin, { ...request, operator: 'alice' }).secret).name).toBe('alice');
  });

  it('makes none that outlives it', async () => {
    const admin = callerOf(firstToken);
    const month = callerOf(people.tokens.create(admin, request).secret);
    expect(refusal(() => people.tokens.create(month, { ...request, days: 31 }))).toBe('api-token-bounds');
    expect(refusal(() => people.tokens.create(month, { ...request, days: null }))).toBe('api-token-bounds');
    expect(refusal(() => people.tokens.create(month, request))).toBe('allowed');
    expect(refusal(() => people.tokens.create(admin, { ...request, days: null }))).toBe('allowed');
  });

  it('is seen and revoked by its owner and by admins', async () => {
    await add('alice', 'viewer');
    await add('bob', 'viewer');
    const [alice, bob] = [callerOf((await enter('alice')).secret), callerOf((await enter('bob')).secret)];
    const { credential, secret } = people.tokens.create(alice, request);
    expect(people.tokens.visibleTo(bob).map(({ operator }) => operator)).toEqual(['bob']);
    expect(refusal(() => people.tokens.revoke(bob, credential.id))).toBe('api-token-unknown');
    people.tokens.revoke(callerOf(firstToken), credential.id);
    expect(refusal(() => callerOf(secret))).toBe('operator-token-invalid');
  });

  it('is one of fifty at most', () => {
    const admin = callerOf(firstToken);
    for (let i = 0; i < 49; i++) people.tokens.create(admin, request);
    expect(refusal(() => people.tokens.create(admin, request))).toBe('api-token-limit');
  });
});
