import { describe, expect, it } from 'vitest';
import { secretText, signingKeys, webhookKey } from '@bellwether/control-plane/webhooks/webhook-secret';
import { signedHeaders } from '@bellwether/control-plane/webhooks/webhook-signature';

describe('signedHeaders', () => {
  it('signs as the example of the Standard Webhooks libraries', () => {
    const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
    const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
    expect(signedHeaders({ id, timestamp: 1614265330, body: '{"test": 2432232314}' }, [key])).toEqual({
      'webhook-id': id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('has a signature of each key, the newest first', () => {
    const attempt = { id: 'msg_1', timestamp: 1, body: '{}' };
    const [a, b] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const of = (...keys: readonly Buffer[]) => signedHeaders(attempt, keys)['webhook-signature'];
    expect(of(a, b)).toBe(`${of(a)} ${of(b)}`);
    expect(of(a)).not.toBe(of(b));
  });
});

describe('signingKeys', () => {
  const master = 'the server’s own';

  it('are the newest, and the former one until its time is over', () => {
    const rotated = { salt: 'new', formerSalt: 'old', formerUntilMs: 1000 };
    const [newest, former] = [webhookKey(master, 'new'), webhookKey(master, 'old')];
    expect(signingKeys(rotated, master, 999)).toEqual([newest, former]);
    expect(signingKeys(rotated, master, 1000)).toEqual([newest]);
    expect(signingKeys({ salt: 'new', formerSalt: null, formerUntilMs: null }, master, 0)).toEqual([newest]);
  });

  it('differ by salt and by server, and are 32 bytes behind whsec_', () => {
    const all = [webhookKey(master, 'a'), webhookKey(master, 'b'), webhookKey('another', 'a')].map(secretText);
    expect(new Set(all).size).toBe(3);
    for (const each of all) expect(each).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  });
});
