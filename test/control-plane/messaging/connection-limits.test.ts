import { describe, expect, it } from 'vitest';
import { ConnectionLimits } from '@bellwether/control-plane/messaging/connection-limits';
import { isLoopback } from '@bellwether/control-plane/messaging/loopback';

interface Connection {
  readonly name: string;
}

/** Connects so many times, and answers how many were refused, by reason. */
function connect(
  limits: ConnectionLimits<Connection>,
  count: number,
  address: string,
  { nowMs = 0, settle = true }: { readonly nowMs?: number; readonly settle?: boolean } = {},
) {
  const refusals: string[] = [];
  for (let i = 0; i < count; i++) {
    const connection = { name: `${address} ${i}` };
    const { refusal } = limits.admit(connection, address, nowMs);
    if (refusal !== undefined) refusals.push(refusal);
    else if (settle) limits.settled(connection);
  }
  return refusals;
}

describe('connections that have not logged in', () => {
  it('are a thousand at most, from wherever: then the one that has waited longest makes room', () => {
    const limits = new ConnectionLimits<Connection>();
    const [settled, first] = [{ name: 'settled' }, { name: 'first' }];
    limits.admit(settled, '127.0.0.1', 0);
    expect(limits.admit(first, '127.0.0.1', 0)).toEqual({});
    limits.settled(settled);
    limits.settled(settled);
    expect(connect(limits, 999, '127.0.0.1', { settle: false })).toEqual([]);
    expect(limits.admit({ name: 'late' }, '10.0.0.1', 0)).toEqual({ evicted: first });
    expect(limits.admit({ name: 'later' }, '10.0.0.1', 0)).toEqual({ evicted: { name: '127.0.0.1 0' } });
  });
});

describe('one address', () => {
  it('comes a thousand times at once and fifty times a second after', () => {
    const limits = new ConnectionLimits<Connection>();
    expect(connect(limits, 1001, '10.0.0.1')).toEqual(['too-fast']);
    expect(connect(limits, 51, '10.0.0.1', { nowMs: 1000 })).toEqual(['too-fast']);
    expect(connect(limits, 1, '10.0.0.2', { nowMs: 1000 })).toEqual([]);
  });

  it('has no rate on loopback: everybody behind a proxy comes from there', () => {
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      expect(connect(new ConnectionLimits<Connection>(), 5000, address)).toEqual([]);
    }
  });

  it('is forgotten when ten thousand others came since', () => {
    const limits = new ConnectionLimits<Connection>();
    connect(limits, 1000, '10.0.0.1');
    for (let i = 0; i < 10_000; i++) connect(limits, 1, `10.1.${i >> 8}.${i % 256}`);
    expect(connect(limits, 1, '10.0.0.1')).toEqual([]);
  });
});

describe('loopback', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1'])('is %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example', '', '128.0.0.1'])(
    'is not %s',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
