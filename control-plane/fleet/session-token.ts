import { createPublicKey } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Clock } from '@bellwether/shared/clock';
import type { SessionAudience } from '@bellwether/shared/contract/http-api';
import { messageOf } from '@bellwether/shared/errors';
import { fingerprintOf } from '@bellwether/shared/ids';
import { secretKeyObject } from '@bellwether/shared/signing/ed25519';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { FleetError } from './fleet-error.js';

/** How long a session's token is good for. */
export const sessionSeconds = 600;

const issuer = 'bellwether';
const algorithm = 'EdDSA';

interface SessionTokenParts {
  readonly clock: Clock;
  /** The issuer's. */
  readonly key: KeyPair;
  /** The public key that a device has by now. */
  readonly keyOf: (device: string) => string | undefined;
}

/**
 * Session tokens: JWT (RFC 7519) signed with the issuer's Ed25519 key (RFC 8037), so that an external broker can check them
 * [T-11]. Each names the key that proved to be the device (`key`, its fingerprint): once an operator has agreed to another
 * one, what the old one had opened is over, and not ten minutes later.
 */
export class SessionTokens {
  readonly #clock: Clock;
  readonly #keyOf: SessionTokenParts['keyOf'];
  readonly #privateKey;
  readonly #publicKey;

  constructor({ clock, key, keyOf }: SessionTokenParts) {
    this.#clock = clock;
    this.#keyOf = keyOf;
    this.#privateKey = secretKeyObject(key.seed);
    this.#publicKey = createPublicKey(this.#privateKey);
  }

  /** `publicKey` is the one that the device has proved to hold. */
  issue(device: string, publicKey: string, audience: SessionAudience): Promise<string> {
    const issuedAt = Math.floor(this.#clock.now().wallMs / 1000);
    return new SignJWT({ key: fingerprintOf(publicKey) })
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
    const { device, key } = await this.#claims(token, audience);
    const publicKey = this.#keyOf(device);
    if (publicKey !== undefined && key === fingerprintOf(publicKey)) return device;
    throw new FleetError('session-invalid', `the session was opened with a key that ${device} does not have any more`);
  }

  async #claims(token: string, audience: SessionAudience) {
    try {
      const { payload } = await jwtVerify(token, this.#publicKey, {
        algorithms: [algorithm],
        issuer,
        audience,
        requiredClaims: ['sub', 'exp'],
        currentDate: new Date(this.#clock.now().wallMs),
      });
      return { device: payload.sub ?? '', key: payload['key'] };
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
