import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** Where a test server listens: a unix socket or a loopback port. */
export type LocalAddress = { readonly socketPath: string } | { readonly port: number };

export interface LocalReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The body as JSON. */
  json(): Record<string, unknown>;
}

interface LocalRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array | string;
}

/** One HTTP request on a connection of its own. */
export async function localRequest(
  address: LocalAddress,
  path: string,
  { method = 'GET', headers = {}, body }: LocalRequest = {},
): Promise<LocalReply> {
  return new Promise((resolve, reject) => {
    const where = 'port' in address ? { host: '127.0.0.1', port: address.port } : address;
    const hasNoLength = body === undefined || headers['transfer-encoding'] !== undefined;
    const length = hasNoLength ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request({ ...where, path, method, headers: { ...length, ...headers }, agent: false }, (response) => {
      buffer(response).then((bytes) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: bytes,
          json: () => JSON.parse(bytes.toString()) as Record<string, unknown>,
        });
      }, reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** The code of a refusal by the local API; `passed` when it did what was asked. */
export function localCode({ status, json }: LocalReply): string {
  return status === 200 ? 'passed' : String(json()['code']);
}
