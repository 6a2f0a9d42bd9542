import { messageOf } from '@bellwether/shared/errors';
import { AdmissionRefusal } from './refusal.js';

/** A folder of the artefact plane, and how it is asked. */
export interface RemoteFolder {
  /** With the slash at its end. */
  readonly url: string;
  /** For one file, from the request to its last byte. */
  readonly timeoutMs: number;
}

/**
 * Fetches at most `maxBytes`, whatever the headers say. Undefined when nothing is there (403 or 404: object stores
 * answer either). Rejects with AdmissionRefusal `network`, or `metadata-refused` when it is larger.
 */
export async function fetchSmallFile(
  { url, timeoutMs }: RemoteFolder,
  name: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error(`no end after ${timeoutMs} ms`)), timeoutMs);
  try {
    const response = await fetch(url + name, { signal: limit.signal });
    if (response.ok && response.body !== null) return await readCapped(response.body, maxBytes, name);
    await response.body?.cancel();
    if (response.status === 403 || response.status === 404) return undefined;
    throw new AdmissionRefusal('network', `${url}${name} answered ${response.status}`);
  } catch (cause) {
    if (cause instanceof AdmissionRefusal) throw cause;
    const why = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
    throw new AdmissionRefusal('network', `${url}${name} could not be fetched: ${messageOf(why)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Counts what arrives: a length header may lie, and compressed data may grow without end. */
async function readCapped(body: ReadableStream<Uint8Array>, maxBytes: number, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new AdmissionRefusal('metadata-refused', `${name} has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
