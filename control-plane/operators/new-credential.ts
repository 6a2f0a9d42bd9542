import { randomBytes } from 'node:crypto';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { Credential } from './operator.js';

/** What each kind of secret begins with, so that a leaked one is recognised by whoever or whatever finds it. */
const prefixes = { 'api-token': 'bwo_', login: 'bwl_', session: 'bws_' } as const;

/** Makes a credential and its secret of 256 random bits, unless that is given. The id says nothing about the secret. */
export function newCredential(
  about: Omit<Credential, 'id' | 'digest' | 'createdAtMs'>,
  createdAtMs: number,
  given?: string,
): { readonly credential: Credential; readonly secret: string } {
  const secret = given ?? prefixes[about.kind] + randomBytes(32).toString('base64url');
  const id = randomBytes(6).toString('hex');
  return { credential: { ...about, id, digest: sha256(Buffer.from(secret)), createdAtMs }, secret };
}
