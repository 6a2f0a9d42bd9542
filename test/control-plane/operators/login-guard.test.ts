import { describe, expect, it } from 'vitest';
import { addressBurst, freeFailures, LoginGuard } from '@bellwether/control-plane/operators/login-guard';

const second = 1000;
const alice = { name: 'alice', isKnown: true };

/** Tries from addresses of their own, so that only the account counts. */
function tries(guard: LoginGuard, login: { name: string; isKnown: boolean }, count: number, nowMs = 0) {
  return Array.from(
    { length: count },
    (_, i) => guard.take({ ...login, address: `10.1.${nowMs % 251}.${i}` }, nowMs).kind,
  );
}

describe('the guard of logins', () => {
  it('locks an account after five failures in a row, twice as long each time, to a quarter of an hour', () => {
    const guard = new LoginGuard();
    expect(tries(guard, alice, freeFailures + 1)).toEqual([...Array<string>(freeFailures).fill('try'), 'locked']);
    let nowMs = 0;
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      const verdict = guard.take({ ...alice, address: `10.2.0.${i}` }, nowMs);
      if (verdict.kind === 'try') throw new Error('it was free');
      waits.push(verdict.waitMs / second);
      nowMs += verdict.waitMs;
      expect(guard.take({ ...alice, address: `10.3.0.${i}` }, nowMs).kind).toBe('try');
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900, 900]);
  });

  it('counts attempts that are still being judged: many at once are no way around', () => {
    expect(tries(new LoginGuard(), alice, 100).filter((kind) => kind === 'try')).toHaveLength(freeFailures);
  });

  it('forgets the failures of whoever gets in', () => {
    const guard = new LoginGuard();
    tries(guard, alice, freeFailures - 1);
    guard.succeeded('alice');
    expect(tries(guard, alice, freeFailures, 1)).not.toContain('locked');
  });

  it('says the same of a name that nobody has', () => {
    const guard = new LoginGuard();
    expect(tries(guard, { name: 'nobody', isKnown: false }, 9)).toEqual(tries(guard, alice, 9, 1));
  });

  it('keeps a real account locked while 20,000 made-up names pass by', () => {
    const guard = new LoginGuard();
    tries(guard, alice, freeFailures);
    for (let i = 0; i < 20_000; i++) {
      guard.take({ name: `n${i}`, isKnown: false, address: `10.${i >> 8}.${i & 255}.9` }, 2);
    }
    expect(guard.take({ ...alice, address: '192.0.2.1' }, 3).kind).toBe('locked');
  });

  it('gives one address twenty tries, and one more every three seconds', () => {
    const guard = new LoginGuard();
    const from = (nowMs: number, i: number) =>
      guard.take({ name: `n${i}`, isKnown: false, address: '192.0.2.7' }, nowMs);
    for (let i = 0; i < addressBurst; i++) expect(from(0, i).kind).toBe('try');
    expect(from(0, 100)).toEqual({ kind: 'rate', waitMs: 3000 });
    expect(from(2999, 101).kind).toBe('rate');
    expect(from(3000, 102).kind).toBe('try');
    expect(from(3000, 103).kind).toBe('rate');
  });
});
