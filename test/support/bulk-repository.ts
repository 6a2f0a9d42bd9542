import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stages, targetPath } from '@bellwether/control-plane/catalog/repository-layout';
import { decodeRoleFile, type RoleFile } from '@bellwether/control-plane/catalog/role-file';
import { stageKeyUse } from '@bellwether/control-plane/publisher/first-metadata';
import { openKeyFile } from '@bellwether/control-plane/publisher/key-file-disk';
import { signTargets } from '@bellwether/control-plane/publisher/metadata-signing';
import { sha256 } from '@bellwether/shared/signing/digest';
import { sampleRelease } from './sample-release.js';

/**
 * Lists many releases in a production key set before its server has started: `count` manifests spread over the families,
 * `1.0.0`, `1.1.0` …, in both stages, each role signed by the product's own code with the key that it names.
 */
export async function listInBulk(
  keys: string,
  families: readonly string[],
  { count, passphrase }: { readonly count: number; readonly passphrase: string },
): Promise<void> {
  const server = join(keys, 'server');
  const targets = new Map(families.map((family) => [family, new Map<string, Uint8Array>()]));
  for (let i = 0; i < count; i++) {
    const family = families[i % families.length] ?? '';
    const version = `1.${Math.floor(i / families.length)}.0`;
    const { manifest, files } = sampleRelease(family, version);
    for (const bytes of [manifest, ...files]) await writeFile(join(server, 'blobs', sha256(bytes)), bytes);
    targets.get(family)?.set(version, manifest);
  }
  for (const stage of stages) {
    const { public: publicKey, seed } = await openKeyFile(
      join(keys, `${stageKeyUse(stage)}-1.key`),
      async () => passphrase,
    );
    for (const [family, releases] of targets) {
      const path = join(server, 'metadata', `1.${stage}-${family}.json`);
      const { signed } = decodeRoleFile(await readFile(path), `${stage}-${family}`);
      const listed: RoleFile['signed']['targets'] = {};
      for (const [version, manifest] of releases) {
        const target = { length: manifest.byteLength, hashes: { sha256: sha256(manifest) } };
        listed[targetPath(stage, { model: family, version })] = target;
      }
      await writeFile(path, signTargets({ ...signed, targets: listed }, [{ publicKey, seed }]));
    }
  }
}
