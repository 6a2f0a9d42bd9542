import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { readReleaseEvidence } from '@bellwether/agent/trust/release-evidence-disk';
import { verifyRelease } from '@bellwether/agent/trust/release-verifier';
import type { RunnerTrust } from '@bellwether/agent/trust/runner-trust';
import { sha256 } from '@bellwether/shared/signing/digest';
import { ScriptedEngine } from './reconcile-world.js';

/** Scripted runners that verify as real ones do [T-3]: from the pinned root to the bytes of every file. They throw what no admission may let through. */
export class VerifyingEngine extends ScriptedEngine {
  override async verify({ manifest, manifestSha256, blobFolder }: VerifiedModel, trust: RunnerTrust): Promise<void> {
    const { model, version } = manifest;
    const evidence = await readReleaseEvidence(trust, model, blobFolder, manifestSha256);
    verifyRelease(evidence, { trust, model, version, manifestSha256 });
    for (const file of Object.values(manifest.files)) {
      const digest = sha256(await readFile(join(blobFolder, file.sha256)));
      if (digest !== file.sha256) throw new Error(`${file.sha256} holds the bytes of ${digest}`);
    }
  }
}
