import { join } from 'node:path';
import { familyOf } from '@bellwether/shared/ids';
import { readIfThere } from './metadata-folder-disk.js';
import type { ReleaseEvidence } from './release-verifier.js';
import { VerifierError } from './release-verifier-signatures.js';
import type { RunnerTrust } from './runner-trust.js';

/** Reads from disk what verifyRelease asks for. Nothing here is believed. Rejects with VerifierError `missing`. */
export async function readReleaseEvidence(
  trust: RunnerTrust,
  model: string,
  blobFolder: string,
  manifestSha256: string,
): Promise<ReleaseEvidence> {
  const folder = trust.metadataFolder;
  const family = familyOf(model);
  return {
    roots: await readRoots(folder, trust.rootVersion),
    targets: await readNeeded(join(folder, 'targets.json')),
    staging: await readNeeded(join(folder, `staging-${family}.json`)),
    production: await readIfThere(join(folder, `production-${family}.json`)),
    manifest: await readNeeded(join(blobFolder, manifestSha256)),
  };
}

async function readRoots(folder: string, first: number): Promise<Uint8Array[]> {
  const roots: Uint8Array[] = [];
  for (let version = first; ; version++) {
    const root = await readIfThere(join(folder, `${version}.root.json`));
    if (root === undefined) return roots;
    roots.push(root);
  }
}

async function readNeeded(path: string): Promise<Uint8Array> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) throw new VerifierError('missing', `there is no ${path}`);
  return bytes;
}
