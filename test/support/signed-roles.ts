import { join } from 'node:path';
import {
  expiryAfter,
  lifetimeDays,
  roleMark,
  type Stage,
  stages,
  targetPath,
  tufSpecification,
} from '@bellwether/control-plane/catalog/repository-layout';
import type { RoleFile, Target } from '@bellwether/control-plane/catalog/role-file';
import { stageKeyUse } from '@bellwether/control-plane/publisher/first-metadata';
import { signTargets } from '@bellwether/control-plane/publisher/metadata-signing';
import type { Manifest } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';

/** A release made of two small files, without a model in it: for what only looks at bytes and digests. */
export interface BlobRelease {
  readonly target: Target;
  readonly manifest: Manifest;
  /** Every blob by its digest, the manifest among them. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/** A release `digits@version` with a valid manifest over made-up bytes. */
export function blobRelease(version: string, overrides: Partial<Manifest> = {}): BlobRelease {
  const graph = Buffer.from(`graph of ${version}`);
  const golden = Buffer.from(`golden of ${version}`);
  const manifest: Manifest = {
    schema: 'bellwether.manifest.v1',
    model: 'digits',
    version,
    graph: 'model.onnx',
    inputs: [{ name: 'image', dtype: 'FP32', shape: [-1, 4], role: 'app' }],
    outputs: [{ name: 'logits', dtype: 'FP32', shape: [-1, 2], role: 'app' }],
    runtime: { intraOpThreads: 1, spinning: false, graphOptimization: 'all' },
    golden: { file: 'golden.json', atol: 0, rtol: 0 },
    lineage: {
      gitCommit: 'fixture',
      data: { id: 'fixture', sha256: '0'.repeat(64) },
      training: 'fixture',
      runtimeConfiguration: 'fixture',
    },
    budgets: { memoryMb: 1, p99Ms: 1 },
    adjustable: { tensors: [] },
    files: {
      'model.onnx': { bytes: graph.byteLength, sha256: sha256(graph) },
      'golden.json': { bytes: golden.byteLength, sha256: sha256(golden) },
    },
    ...overrides,
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return {
    manifest,
    target: { length: bytes.byteLength, hashes: { sha256: sha256(bytes) } },
    blobs: new Map([bytes, graph, golden].map((blob) => [sha256(blob), blob])),
  };
}

/** The signed part of a role of the family `digits`, as a publisher's tool would make it. */
export function roleOf(
  stage: Stage,
  version: number,
  releases: Readonly<Record<string, Target>>,
  overrides: Partial<RoleFile['signed']> = {},
): RoleFile['signed'] {
  return {
    _type: 'targets',
    spec_version: tufSpecification,
    version,
    expires: expiryAfter(Date.now(), lifetimeDays.role),
    [roleMark]: `${stage}-digits`,
    targets: Object.fromEntries(
      Object.entries(releases).map(([each, target]) => [targetPath(stage, { model: 'digits', version: each }), target]),
    ),
    ...overrides,
  };
}

/** A stage's key pair of a development key set. */
export async function stageKey(keys: string, stage: Stage): Promise<KeyPair> {
  const key = await readKeyFile(join(keys, `${stageKeyUse(stage)}.key`));
  return { publicKey: key.public, seed: key.seed };
}

/** Signs a role with the right key of the set, or with another stage's. */
export async function signRole(keys: string, signed: RoleFile['signed'], by?: Stage): Promise<Uint8Array> {
  const own = stages.find((stage) => signed[roleMark].startsWith(stage)) ?? 'staging';
  return signTargets(signed, [await stageKey(keys, by ?? own)]);
}

/** What `storeBlob` reads. */
export async function* streamOf(bytes: Uint8Array, chunkBytes = 7): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}
