import { createPublicKey } from 'node:crypto';
import { jwtVerify } from 'jose';
import type { Clock } from '@bellwether/shared/clock';
import type { SessionAudience } from '@bellwether/shared/contract/http-api';
import { messageOf } from '@bellwether/shared/errors';
import { fingerprintOf } from '@bellwether/shared/ids';
import { type Signer, secretKeyObject, signerOf } from '@bellwether/shared/signing/ed25519';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { FleetError } from './fleet-error.js';

/** How long a session's token is good for. */
export const sessionSeconds = 600;

const issuer = 'bellwether';
const algorithm = 'EdDSA';
const base64url = (text: string): string => Buffer.from(text).toString('base64url');
const header = base64url(JSON.stringify({ alg: algorithm, typ: 'JWT' }));

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
  readonly #signer: Signer;
  readonly #publicKey;

  constructor({ clock, key, keyOf }: SessionTokenParts) {
    this.#clock = clock;
    this.#keyOf = keyOf;
    this.#signer = signerOf(key);
    this.#publicKey = createPublicKey(secretKeyObject(key.seed));
  }

  /** `publicKey` is the one that the device has proved to hold. */
  issue(device: string, publicKey: string, audience: SessionAudience): string {
    const iat = Math.floor(this.#clock.now().wallMs / 1000);
    const claims = { iss: issuer, sub: device, aud: audience, iat, exp: iat + sessionSeconds };
    // RFC 7515 §3.1, compact. A library signs in a thread, which takes the loop longer than the signature (m).
    const signed = `${header}.${base64url(JSON.stringify({ key: fingerprintOf(publicKey), ...claims }))}`;
    return `${signed}.${Buffer.from(this.#signer.sign(Buffer.from(signed))).toString('base64url')}`;
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
