import { DecodeError } from '@bellwether/shared/contract/decode';
import { sha256 } from '@bellwether/shared/signing/digest';
import { isDevelopmentRoot, rootProblem } from '@bellwether/shared/trust/listing-policy';
import type { MetadataBytes } from './metadata.js';
import { type StoredTrust, TrustError } from './trust-store.js';
import { decodeRoot, type RootFile } from './tuf-documents.js';

/** Local configuration of first trust [T-10]: the digest of the root that everything is checked from. */
export interface RootPin {
  readonly sha256: string;
  readonly allowDevelopment: boolean;
}

/** The first trust of a device, out of its pinned root. Throws TrustError. */
export function beginTrust(rootBytes: Uint8Array, pin: RootPin): StoredTrust {
  const digest = sha256(rootBytes);
  if (digest !== pin.sha256) {
    throw new TrustError('root-mismatch', `the root has the digest ${digest}, the configuration pins ${pin.sha256}`);
  }
  const root = readRoot(rootBytes);
  requireAllowed(root, pin);
  const floors = { root: root.signed.version, roles: {} };
  return { state: { floors, order: null, timeFloorMs: 0 }, metadata: { roots: [rootBytes], current: null } };
}

/** The chain that everything is checked from. */
export interface PinnedChain {
  readonly stored: StoredTrust;
  readonly rootVersion: number;
  /** A root was torn, and the chain of the set before stands in: it is not yet on the disk where runners look for it. */
  readonly isMended: boolean;
}

/**
 * The stored chain from the pinned root on, and that root's version; where it is torn, the one of the set before, which is
 * judged by the same pin, and by the floors afterwards. Throws TrustError.
 */
export function fromPinnedRoot(stored: StoredTrust, pin: RootPin, before: MetadataBytes | null = null): PinnedChain {
  try {
    return { ...chainOf(stored.metadata.roots, stored, pin), isMended: false };
  } catch (error) {
    const isTorn = error instanceof TrustError && (error.code === 'root-mismatch' || error.code === 'root-refused');
    const mended = isTorn && before !== null ? mendedChain(before.roots, stored, pin) : undefined;
    if (mended === undefined) throw error;
    return { ...mended, isMended: true };
  }
}

function mendedChain(roots: readonly Uint8Array[], stored: StoredTrust, pin: RootPin) {
  try {
    return chainOf(roots, stored, pin);
  } catch (error) {
    if (error instanceof TrustError) return undefined;
    throw error;
  }
}

function chainOf(roots: readonly Uint8Array[], { state, metadata }: StoredTrust, pin: RootPin) {
  const at = roots.findIndex((root) => sha256(root) === pin.sha256);
  const [pinned, newest] = [roots[at], roots.at(-1)];
  if (pinned === undefined || newest === undefined) {
    throw new TrustError('root-mismatch', `no stored root has the digest ${pin.sha256}, which the configuration pins`);
  }
  requireAllowed(readRoot(newest), pin);
  return {
    stored: { state, metadata: { roots: roots.slice(at), current: metadata.current } },
    rootVersion: readRoot(pinned).signed.version,
  };
}

function requireAllowed(root: RootFile, { allowDevelopment }: RootPin): void {
  const problem = rootProblem(root, allowDevelopment);
  if (problem === undefined) return;
  throw new TrustError(isDevelopmentRoot(root) && !allowDevelopment ? 'development-refused' : 'root-refused', problem);
}

function readRoot(bytes: Uint8Array): RootFile {
  try {
    return decodeRoot(bytes);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new TrustError('root-refused', cause.message, { cause });
  }
}
