import type { IncomingHttpHeaders } from 'node:http';
import { secretsEqual } from '@bellwether/shared/signing/digest';
import { LocalApiError } from './local-api-error.js';

/** Lets a request pass or throws LocalApiError; `port` is the one that it came in at. */
export type Guard = (headers: IncomingHttpHeaders, port: number | undefined) => void;

/** A unix socket is guarded by its file's mode. */
export const unixSocketGuard: Guard = () => {};

/**
 * Every page in a browser on the device can reach a loopback port: an Origin is refused, a Host that is not ours
 * is refused too (a name that an attacker points at 127.0.0.1), and the token is asked for.
 */
export function loopbackGuard(token: string): Guard {
  return ({ host = '', origin, authorization = '' }, port) => {
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    if (origin !== undefined) throw new LocalApiError('origin', 'requests from web pages are refused');
    if (!hosts.includes(host)) throw new LocalApiError('host', `the host is none of ${hosts.join(', ')}`);
    if (!secretsEqual(authorization, `Bearer ${token}`)) {
      throw new LocalApiError('unauthorized', 'the Authorization header must hold the token of the token file');
    }
  };
}
