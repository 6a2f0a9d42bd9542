import { describe, expect, it } from 'vitest';
import { SessionNonces } from '@bellwether/control-plane/fleet/session-nonce';

const me = 'pi-0123456789abcdef';

describe('a session nonce', () => {
  it('works once, for its device, within a minute', () => {
    const nonces = new SessionNonces();
    const nonce = nonces.issue(me, 1000);
    expect(nonce).toMatch(/^[0-9a-f]{64}$/);
    expect(nonces.use(nonce, 'pi-fedcba9876543210', 1001)).toBe(false);
    expect(nonces.use(nonce, me, 60_999)).toBe(true);
    expect(nonces.use(nonce, me, 60_999)).toBe(false);
  });

  it('expires', () => {
    const nonces = new SessionNonces();
    expect(nonces.use(nonces.issue(me, 1000), me, 61_000)).toBe(false);
  });

  it('cannot be made or prolonged by somebody else', () => {
    const nonces = new SessionNonces();
    const nonce = nonces.issue(me, 1000);
    const later = (Number.parseInt(nonce.slice(0, 12), 16) + 60_000).toString(16).padStart(12, '0');
    expect(nonces.use(later + nonce.slice(12), me, 1000)).toBe(false);
    expect(nonces.use(new SessionNonces().issue(me, 1000), me, 1000)).toBe(false);
    expect(nonces.use('', me, 1000)).toBe(false);
  });
});
