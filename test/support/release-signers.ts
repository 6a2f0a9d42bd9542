import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Signer } from '@bellwether/control-plane/publisher/list-release';
import type { Trial } from '@bellwether/control-plane/publisher/release-trial';
import { ServerConnection } from '@bellwether/control-plane/publisher/server-http';
import { openTrustedRepository } from '@bellwether/control-plane/publisher/trusted-repository-tuf';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import { type CatalogServer, operatorToken } from './catalog-server.js';

/** A trial that believes everything: for releases of made-up bytes, and of models that only a device is to refuse. */
export const trustingTrial: Trial = async () => ({ goldenVectors: 1, benchmark: { samples: 1, accuracy: 1 } });

/** The signer of a stage on one machine, whose folder keeps the floors. It runs nothing before it approves. */
export async function openSigner(
  server: CatalogServer,
  use: 'publisher' | 'approver',
  machine = 'laptop',
): Promise<Signer & { readonly trial: Trial }> {
  await mkdir(join(server.folder, machine), { recursive: true });
  return {
    key: await readKeyFile(join(server.keys, `${use}.key`)),
    repository: openTrustedRepository({
      serverUrl: server.url,
      root: await readFile(join(server.keys, 'root.json')),
      trustedFile: join(server.folder, machine, `${use}.trusted.json`),
    }),
    server: new ServerConnection(server.url, operatorToken),
    nowMs: Date.now(),
    trial: trustingTrial,
  };
}
