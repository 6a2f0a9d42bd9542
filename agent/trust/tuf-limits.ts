import { parseStrictJson } from '@bellwether/shared/contract/strict-json';

/**
 * What a TUF file may be before anybody looks at what it says: an unsigned root of 480 kB with many keys keeps tuf-js
 * busy for 17.7 s [T-3]. Without schemas, so that the worker starts in a fraction of the time they take to load.
 */

export const maxRootBytes = 64 * 1024;
export const maxTimestampBytes = 4 * 1024;
/** snapshot, targets and every delegated role. */
export const maxRoleBytes = 1024 * 1024;
/** Keys in one file, and signatures on it. */
export const maxKeys = 32;

/** Throws an Error that says which limit is passed, or StrictJsonError: two readers must not see two documents. */
export function requireTufLimits(bytes: Uint8Array, maxBytes: number): void {
  if (bytes.byteLength > maxBytes) throw new RangeError(`${bytes.byteLength} bytes, more than ${maxBytes}`);
  const file = parseStrictJson(bytes);
  const signed = memberOf(file, 'signed');
  const counts = {
    signatures: sizeOf(memberOf(file, 'signatures')),
    keys: sizeOf(memberOf(signed, 'keys')),
    'delegated keys': sizeOf(memberOf(memberOf(signed, 'delegations'), 'keys')),
  };
  for (const [what, count] of Object.entries(counts)) {
    if (count > maxKeys) throw new RangeError(`${count} ${what}, more than ${maxKeys}`);
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function sizeOf(value: unknown): number {
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}
