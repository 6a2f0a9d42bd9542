import { decodeJwt, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { SessionTokens } from '@bellwether/control-plane/fleet/session-token';
import { fingerprintOf } from '@bellwether/shared/ids';
import { secretKeyObject } from '@bellwether/shared/signing/ed25519';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { ManualClock } from '../../support/manual-clock.js';

const me = 'pi-0123456789abcdef';
const mine = generateKeyPair().publicKey;

/** Tokens of a server that knows one key for every device. */
function tokensBy(clock: ManualClock, key = generateKeyPair(), keyOf: () => string | undefined = () => mine) {
  return new SessionTokens({ clock, key, keyOf });
}

describe('a session’s token', () => {
  it('is for one device, one audience and ten minutes', async () => {
    const clock = new ManualClock();
    const tokens = tokensBy(clock);
    const token = tokens.issue(me, mine, 'mqtt');
    expect(decodeJwt(token)).toMatchObject({ sub: me, aud: 'mqtt', iss: 'bellwether' });
    expect(await tokens.isFor(me, token)).toBe(true);
    expect(await tokens.isFor('pi-fedcba9876543210', token)).toBe(false);
    await expect(tokens.verify(token, 'artefacts')).rejects.toMatchObject({ code: 'session-invalid' });
    await clock.advance(599_000);
    expect(await tokens.isFor(me, token)).toBe(true);
    await clock.advance(2000);
    expect(await tokens.isFor(me, token)).toBe(false);
  });

  it('is over at once when the device goes on with another key, or is not known any more', async () => {
    let known: string | undefined = mine;
    const tokens = tokensBy(new ManualClock(), generateKeyPair(), () => known);
    const token = tokens.issue(me, mine, 'mqtt');
    expect(await tokens.isFor(me, token)).toBe(true);
    for (const other of [generateKeyPair().publicKey, undefined]) {
      known = other;
      expect(await tokens.isFor(me, token)).toBe(false);
    }
  });

  it('must be signed by the issuer: neither another key nor no signature will do', async () => {
    const clock = new ManualClock();
    const tokens = tokensBy(clock);
    const forged = tokensBy(clock).issue(me, mine, 'mqtt');
    expect(await tokens.isFor(me, forged)).toBe(false);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${forged.split('.')[1]}.`;
    expect(await tokens.isFor(me, unsigned)).toBe(false);
    expect(await tokens.isFor(me, 'nonsense')).toBe(false);
  });

  it('must expire', async () => {
    const clock = new ManualClock();
    const key = generateKeyPair();
    const eternal = await new SignJWT({ key: fingerprintOf(mine) })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setIssuer('bellwether')
      .setAudience('mqtt')
      .setSubject(me)
      .sign(secretKeyObject(key.seed));
    expect(await tokensBy(clock, key).isFor(me, eternal)).toBe(false);
  });
});
