import { deflateSync, inflateRawSync, inflateSync } from 'node:zlib';
import { messageOf } from '../errors.js';
import { compactDictionary } from './compact-dictionary.js';
import { DecodeError } from './decode.js';

/** First bytes: of JSON, and of zlib's format with the largest window (RFC 1950), with which nobody's raw deflate begins: it were a stored block padded by ones. */
const first = { json: 0x7b, zlib: 0x78 } as const;

/** A message as few bytes: zlib's format over the protocol's dictionary [W-3]. */
export function compacted(json: string): Buffer {
  return deflateSync(json, { dictionary: compactDictionary, level: 9 });
}

/**
 * The JSON of a message as it came: JSON, compacted, or raw deflate without a dictionary, told apart by the first byte
 * [W-3]. A few bytes must not become gigabytes: inflating stops at `maxBytes`. `what` names it in the DecodeError that it throws.
 */
export function inflated(payload: Uint8Array, what: string, maxBytes: number): Uint8Array {
  if (payload.length === 0 || payload[0] === first.json) return payload;
  const options = { maxOutputLength: maxBytes };
  try {
    return payload[0] === first.zlib
      ? inflateSync(payload, { ...options, dictionary: compactDictionary })
      : inflateRawSync(payload, options);
  } catch (cause) {
    throw new DecodeError('malformed', `${what} is neither JSON nor deflated JSON: ${messageOf(cause)}`, { cause });
  }
}
