import { createHmac } from 'node:crypto';
import { secretsEqual } from '@bellwether/shared/signing/digest';

/** The part of a URL that lets whoever holds it download one path, until a point in time. Seconds since 1970, as text. */
export interface UrlSignature {
  readonly expires: string;
  readonly signature: string;
}

/**
 * Signs a path for a CDN [T-11]: `?expires=<seconds>&signature=<base64url(HMAC-SHA256(secret, "<path>\n<expires>"))>`.
 * HMAC, because an edge can check it with a few lines and the one secret.
 */
export function signPath(secret: string, path: string, expiresAtMs: number): UrlSignature {
  const expires = String(Math.floor(expiresAtMs / 1000));
  return { expires, signature: tagOf(secret, path, expires) };
}

/** True when the signature is of this path and has not expired. */
export function isSignedPath(secret: string, path: string, given: UrlSignature, nowMs: number): boolean {
  const isGenuine = secretsEqual(given.signature, tagOf(secret, path, given.expires));
  return isGenuine && Number(given.expires) * 1000 > nowMs;
}

function tagOf(secret: string, path: string, expires: string): string {
  return createHmac('sha256', secret).update(`${path}\n${expires}`).digest('base64url');
}
