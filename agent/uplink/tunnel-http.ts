import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { portOf } from './proxy.js';
import { UplinkError } from './uplink.js';

export interface TunnelOptions {
  readonly proxy: URL;
  /** Where to: only host and port count, and TLS for `mqtts:` and `wss:`. */
  readonly target: URL;
  /** Certificates that are trusted instead of Node's, PEM. */
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
}

/** A connection through a proxy by CONNECT (RFC 9110, 9.3.6), encrypted where the target's scheme says so. The proxy resolves the name. Rejects with UplinkError `closed`. */
export async function openTunnel(options: TunnelOptions): Promise<Socket> {
  const { proxy, target } = options;
  try {
    const socket = await connectThrough(options);
    return target.protocol === 'mqtts:' || target.protocol === 'wss:' ? await encrypt(socket, options) : socket;
  } catch (cause) {
    if (cause instanceof UplinkError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UplinkError('closed', `${target.host} through the proxy ${proxy.host}: ${why}`, { cause });
  }
}

function connectThrough({ proxy, target, ca, signal }: TunnelOptions): Promise<Socket> {
  const authority = `${target.hostname}:${portOf(target)}`;
  const options: RequestOptions = {
    method: 'CONNECT',
    host: unbracketed(proxy.hostname),
    port: portOf(proxy),
    path: authority,
    headers: { host: authority, ...authorization(proxy) },
    agent: false,
    signal,
  };
  const request = proxy.protocol === 'https:' ? requestHttps({ ...options, ca }) : requestHttp(options);
  return new Promise((resolve, reject) => {
    request.once('connect', ({ statusCode = 0 }, socket: Socket, head) => {
      // Until the next owner listens: an error without a listener would end the process. `close` follows it.
      socket.on('error', () => {});
      if (statusCode >= 200 && statusCode < 300 && head.length === 0) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new UplinkError('closed', `the proxy ${proxy.host} answered ${statusCode} to CONNECT ${authority}`));
    });
    request.once('response', ({ statusCode = 0 }) => {
      request.destroy();
      reject(new UplinkError('closed', `the proxy ${proxy.host} answered ${statusCode} to CONNECT ${authority}`));
    });
    request.once('error', reject);
    request.end();
  });
}

/** The certificate must be of the target's name: whoever runs the proxy is nobody to trust. */
function encrypt(socket: Socket, { target, ca, signal }: TunnelOptions): Promise<Socket> {
  const host = unbracketed(target.hostname);
  const encrypted = connectTls({ socket, host, servername: isIP(host) === 0 ? host : '', ca });
  const abort = (): void => void encrypted.destroy(new Error('stopped'));
  signal.addEventListener('abort', abort, { once: true });
  return new Promise<Socket>((resolve, reject) => {
    encrypted.on('error', reject); // for good: after that it rejects nothing, and an error needs a listener
    encrypted.once('secureConnect', () => resolve(encrypted));
  }).finally(() => signal.removeEventListener('abort', abort));
}

/** The credentials of a proxy's URL, as RFC 7617 has them. */
function authorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

function unbracketed(hostname: string): string {
  return hostname.replaceAll(/[[\]]/g, '');
}
