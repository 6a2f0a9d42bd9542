import { createPublicKey } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Clock } from '@bellwether/shared/clock';
import type { SessionAudience } from '@bellwether/shared/contract/http-api';
import { messageOf } from '@bellwether/shared/errors';
import { secretKeyObject } from '@bellwether/shared/signing/ed25519';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { FleetError } from './fleet-error.js';

/** How long a session's token is good for. */
export const sessionSeconds = 600;

const issuer = 'bellwether';
const algorithm = 'EdDSA';

/** Session tokens: JWT (RFC 7519) signed with the issuer's Ed25519 key (RFC 8037), so that an external broker can check them [T-11]. */
export class SessionTokens {
  readonly #clock: Clock;
  readonly #privateKey;
  readonly #publicKey;

  constructor(clock: Clock, key: KeyPair) {
    this.#clock = clock;
    this.#privateKey = secretKeyObject(key.seed);
    this.#publicKey = createPublicKey(this.#privateKey);
  }

  issue(device: string, audience: SessionAudience): Promise<string> {
    const issuedAt = Math.floor(this.#clock.now().wallMs / 1000);
    return new SignJWT()
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .setIssuer(issuer)
      .setSubject(device)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + sessionSeconds)
      .sign(this.#privateKey);
  }

  /** The device that the token is for; throws FleetError `session-invalid`. */
  async verify(token: string, audience: SessionAudience): Promise<string> {
    try {
      const { payload } = await jwtVerify(token, this.#publicKey, {
        algorithms: [algorithm],
        issuer,
        audience,
        requiredClaims: ['sub', 'exp'],
        currentDate: new Date(this.#clock.now().wallMs),
      });
      return payload.sub ?? '';
    } catch (cause) {
      throw new FleetError('session-invalid', `the session's token is no good: ${messageOf(cause)}`, { cause });
    }
  }

  /** True when the token is this device's and for MQTT. */
  async isFor(device: string, token: string): Promise<boolean> {
    try {
      return (await this.verify(token, 'mqtt')) === device;
    } catch (cause) {
      if (cause instanceof FleetError) return false;
      throw cause;
    }
  }
}
