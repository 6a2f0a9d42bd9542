import { describe, expect, it } from 'vitest';
import { redacted, redactedText } from '@bellwether/agent/inquiries/redact';

const jwt = `eyJhbGciOiJFZERTQSJ9.${'a'.repeat(30)}.${'b'.repeat(40)}`;

describe('what leaves a device on request', () => {
  it.each([
    [
      'credentials of a URL',
      'GET https://joe:pass@proxy.example:3128/x failed',
      'GET https://proxy.example:3128/x failed',
    ],
    ['parameters of a URL', 'https://cdn.example/b?expires=1&signature=ab: 403', 'https://cdn.example/b 403'],
    ['a bearer token', 'authorization: Bearer abc.def-123', 'authorization: Bearer (hidden)'],
    ['a session token', `password ${jwt} was refused`, 'password (hidden) was refused'],
  ])('has no %s', (_what, text, clean) => {
    expect(redactedText(text)).toBe(clean);
  });

  it('has no value of a field that is called a secret, at any depth', () => {
    const value = {
      joinToken: 'abc',
      nested: { Authorization: 'x', apiKey: 'y', seed: [1] },
      tokenFile: null,
      name: 'n',
    };
    const clean = {
      joinToken: '(hidden)',
      nested: { Authorization: '(hidden)', apiKey: '(hidden)', seed: '(hidden)' },
    };
    expect(redacted(value)).toEqual({ ...clean, tokenFile: null, name: 'n' });
  });

  it('has no bytes and no rows of numbers, which may be what an application sent', () => {
    expect(
      redacted({ input: Float32Array.of(1, 2), rows: Array.from({ length: 17 }, (_, i) => i), few: [1, 2] }),
    ).toEqual({
      input: '(8 bytes)',
      rows: '(17 numbers)',
      few: [1, 2],
    });
  });

  it('keeps the code and the message of an error, and no stack', () => {
    const error = Object.assign(new Error('https://a:b@c/ is away'), { code: 'network' });
    expect(redacted({ err: error })).toEqual({ err: { code: 'network', message: 'https://c/ is away' } });
  });

  it('is bounded in length, width and depth', () => {
    const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => ({ inner }), 'end');
    const wide = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}`, 'x'.repeat(5000)]));
    expect(JSON.stringify(redacted(deep)).length).toBeLessThan(100);
    expect(JSON.stringify(redacted(wide)).length).toBeLessThan(30_000);
    expect(redacted(Array.from({ length: 60 }, () => 'x'))).toHaveLength(51);
  });

  it('takes a long word in its stride: each log line passes here, on the loop that answers calls', () => {
    const before = process.cpuUsage();
    for (let line = 0; line < 20; line++) redactedText('a'.repeat(10_000));
    const { user } = process.cpuUsage(before);
    // Tried from each letter to the end it is over 2 s.
    expect(user / 1000).toBeLessThan(1000);
  });
});
