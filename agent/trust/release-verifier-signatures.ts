import { CodedError } from '@bellwether/shared/errors';
import { verifyEd25519Nacl } from '@bellwether/shared/signing/ed25519-nacl';
import { CanonicalJsonError, canonicalJson } from './canonical-json.js';
import type { TufKeys, TufRole } from './tuf-documents.js';

/**
 * `missing`: a file is not there. `malformed`: not the document it should be. `root-pin`: the first root is not the pinned
 * one. `root-chain`: a gap. `signature`: fewer signatures than the threshold. `rollback`: below a floor. `policy`: T-1 or
 * T-2. `not-listed`, `withdrawn`. `manifest`, `file`: bytes that do not match what is signed.
 */
export type VerifierErrorCode =
  | 'missing'
  | 'malformed'
  | 'root-pin'
  | 'root-chain'
  | 'signature'
  | 'rollback'
  | 'policy'
  | 'not-listed'
  | 'withdrawn'
  | 'manifest'
  | 'file';

/** What the runner's own verifier does not believe. */
export class VerifierError extends CodedError<VerifierErrorCode> {}

/** Who may sign: a role and the keys it names. */
export interface Authority {
  readonly role: TufRole;
  readonly keys: TufKeys;
}

interface SignedFile {
  readonly signed: unknown;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/**
 * Passes when `threshold` different keys, told apart by their value, signed the canonical form. It stops there: each
 * signature costs tweetnacl about 10 ms. Throws VerifierError `signature`.
 */
export function requireSignatures(file: SignedFile, { role, keys }: Authority, what: string): void {
  const message = signedBytes(file.signed, what);
  const signers = new Set<string>();
  for (const { keyid, sig } of file.signatures) {
    const key = role.keyids.includes(keyid) ? keys[keyid]?.keyval.public : undefined;
    if (key === undefined || signers.has(key)) continue;
    if (verifyEd25519Nacl(key, message, Buffer.from(sig, 'hex'))) signers.add(key);
    if (signers.size >= role.threshold) return;
  }
  throw new VerifierError('signature', `${what} has ${signers.size} of ${role.threshold} signatures that count`);
}

function signedBytes(signed: unknown, what: string): Uint8Array {
  try {
    return Buffer.from(canonicalJson(signed));
  } catch (cause) {
    if (!(cause instanceof CanonicalJsonError)) throw cause;
    throw new VerifierError('malformed', `${what}: ${cause.message}`, { cause });
  }
}
