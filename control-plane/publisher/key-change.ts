import type { KeyFile } from '@bellwether/shared/signing/key-file';
import { checkTrustChange, type TrustVerifier } from '../catalog/trust-change.js';
import type { TrustEdit } from './next-files.js';
import { filesOf, type PreparedChange, prepareChange, signPrepared, trustChangeOf } from './prepared-change.js';
import { type ReleaseServer, ServerRefusal } from './release-server.js';
import type { TrustedRepository } from './trusted-repository.js';

/** How often a change that others overtook is made again. */
const maxAttempts = 10;

/** The private keys that are at hand, and what they sign over. */
export interface TrustSigner {
  readonly keys: readonly KeyFile[];
  readonly repository: TrustedRepository;
  readonly server: ReleaseServer;
  readonly nowMs: number;
  readonly verify: TrustVerifier;
}

/** The files that were signed, by name and version. */
export type SignedFiles = Readonly<Record<string, number>>;

/**
 * Changes who may sign, in one transaction, with the keys at hand. Checked here as the server will, then published in one
 * snapshot. Throws PublisherError, CatalogError, ServerRefusal or ServerError; nothing was published then.
 */
export async function changeTrust(edit: TrustEdit, signer: TrustSigner): Promise<SignedFiles> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await publishPrepared(await prepareTrust(edit, signer), signer);
    } catch (error) {
      if (!(error instanceof ServerRefusal) || error.code !== 'role-changed' || attempt === maxAttempts) throw error;
    }
  }
}

/** The change, signed by the keys at hand, which may be none, and not published: for its other holders. Throws as changeTrust does. */
export async function prepareTrust(edit: TrustEdit, signer: TrustSigner): Promise<PreparedChange> {
  const all = await signer.repository.all(signer.server);
  const prepared = prepareChange(all, await edit(all));
  return signer.keys.length === 0 ? prepared : signPrepared(prepared, signer.keys);
}

/** Publishes a change that its holders have signed. Throws as changeTrust does: `role-changed` when it was made of what no longer stands. */
export async function publishPrepared(
  prepared: PreparedChange,
  { repository, server, nowMs, verify }: Omit<TrustSigner, 'keys'>,
): Promise<SignedFiles> {
  const all = await repository.all(server);
  const change = trustChangeOf(prepared);
  checkTrustChange({ ...all, nowMs, verify }, change);
  await server.changeTrust(change);
  return Object.fromEntries(filesOf(prepared).map(([name, { signed }]) => [name, signed.version]));
}
