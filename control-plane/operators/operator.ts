import type { Role } from './role.js';

/** What operators are called: `alice`, `ci.deploy`. */
export const operatorNamePattern = '^[a-z][a-z0-9._-]{0,31}$';

/** A person, or a program with an account of its own. */
export interface Operator {
  readonly name: string;
  readonly role: Role;
  /** As password-hash.ts writes it; null where nobody logs in with a password. */
  readonly password: string | null;
  readonly createdAtMs: number;
}

/** How a credential came to be: made for a program, by a login of the CLI, or by a login in the browser. */
export type CredentialKind = 'api-token' | 'login' | 'session';

/** What is taken as a Bearer token; a session is the browser's, in its cookie. */
export const bearerKinds: readonly CredentialKind[] = ['api-token', 'login'];

/** Something that is shown to be let in; the server keeps only its digest. */
export interface Credential {
  readonly id: string;
  /** SHA-256 of 256 random bits, which need no salt. */
  readonly digest: string;
  readonly kind: CredentialKind;
  readonly operator: string;
  /** What it is for, in its owner's words. */
  readonly label: string;
  /** It does no more than this, and no more than its owner may. */
  readonly role: Role;
  readonly createdAtMs: number;
  /** Null: until it is revoked. */
  readonly expiresAtMs: number | null;
}

/** Who sent a request. */
export interface Caller {
  readonly name: string;
  /** What may be done with this credential. */
  readonly role: Role;
  readonly credential: Credential;
}
