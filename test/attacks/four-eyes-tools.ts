import { createHash } from 'node:crypto';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attack, AttackOutcome } from '../support/attack.js';
import { type CatalogServer, startCatalogServer } from '../support/catalog-server.js';
import { refusalCode } from '../support/refusal-code.js';
import { openSigner } from '../support/release-signers.js';
import { blobRelease, roleOf, signRole, streamOf } from '../support/signed-roles.js';

async function publish({ catalog, keys }: CatalogServer, version: string): Promise<void> {
  const { blobs, target } = blobRelease(version);
  for (const [digest, bytes] of blobs) await catalog.storeBlob(digest, streamOf(bytes));
  await catalog.publishRole('staging-digits', await signRole(keys, roleOf('staging', 2, { [version]: target })));
}

/** A publisher's tool that has seen version 2 of its role, and a server that goes back to version 1. */
async function handOldRole(guarded: boolean): Promise<AttackOutcome> {
  const server = await startCatalogServer();
  try {
    const metadata = join(server.data, 'repository/metadata');
    const [old, newest] = [join(server.folder, 'old'), join(server.folder, 'newest')];
    await cp(metadata, old, { recursive: true });
    await publish(server, '1.0.0');
    await cp(metadata, newest, { recursive: true });
    const { repository } = await openSigner(server, 'publisher');
    const floors = join(server.folder, 'laptop', 'publisher.trusted.json');
    const believed = async () => `staging-digits ${(await repository.roles('digits')).staging.file.signed.version}`;
    const servedBefore = await believed();
    const before = digestOf(await readFile(floors));
    await cp(old, metadata, { recursive: true });
    if (!guarded) await rm(floors);
    const code = await refusalCode(believed);
    const diskUnchanged = before === digestOf(await readFile(floors));
    await cp(newest, metadata, { recursive: true });
    return { code, servedBefore, servedAfter: await believed(), diskUnchanged };
  } finally {
    await server.remove();
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Attacks on the tools of publishers and approvers: what answers is what the tool builds its next signature on. */
export const attacks: readonly Attack[] = [
  {
    id: 'four-eyes-old-role',
    row: 'hands the publisher’s tool its role as it was before the last release, so that the next signature drops it',
    attacker: 'server with all online keys',
    code: 'metadata-refused',
    control: 'floors of the tool (control-plane/publisher/trusted-files-disk.ts)',
    run: handOldRole,
  },
];
