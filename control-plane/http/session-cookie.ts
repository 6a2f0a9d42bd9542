import type { FastifyRequest } from 'fastify';
import { OperatorError } from '../operators/operator-error.js';

/** What the console's own requests carry, and no form, image or link can: another site's script would need a leave that nobody gives (CORS). */
export const requestMark = 'x-bellwether-request';

/** `__Host-` binds it to this very host over TLS (RFC 6265bis §4.1.3.2): nobody on a sibling host can plant another. */
function cookieName({ protocol }: Pick<FastifyRequest, 'protocol'>): string {
  return protocol === 'https' ? '__Host-bw_session' : 'bw_session';
}

/** `Set-Cookie` of a session: no script reads it, and no other site's request carries it. */
export function sessionCookie(request: FastifyRequest, secret: string, maxAgeSeconds: number): string {
  const secure = request.protocol === 'https' ? '; Secure' : '';
  return `${cookieName(request)}=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${secure}`;
}

/** The session's secret that a request carries. */
export function sessionSecret(request: FastifyRequest): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  const start = `${cookieName(request)}=`;
  const secret = pairs.find((pair) => pair.startsWith(start))?.slice(start.length);
  return secret !== undefined && /^[\w-]{1,100}$/.test(secret) ? secret : undefined;
}

/**
 * Refuses what a browser was made to send by another site (CSRF). A cookie goes along by itself, so SameSite=Strict is
 * the first guard; a sibling host or another port of this one is the same site, so the request must also say that it
 * comes from this very origin, and carry the console's mark. Both at once need no token that the page would have to
 * keep. Throws OperatorError `request-forged`.
 */
export function refuseForeign({ headers }: FastifyRequest): void {
  const { origin = '' } = headers;
  const isOwn = URL.canParse(origin) && new URL(origin).host === headers.host;
  const site = headers['sec-fetch-site'] ?? 'same-origin';
  if (isOwn && site === 'same-origin' && headers[requestMark] === 'console') return;
  throw new OperatorError('request-forged', 'this request was not made by the console of this server');
}
