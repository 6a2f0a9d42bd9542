import type { Catalog, CatalogRelease } from '@bellwether/control-plane/catalog/catalog';
import type { Manifest } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';

/** A catalogue in memory, for the rooms that only read it. */
export class FakeCatalog implements Catalog {
  readonly development = true;
  readonly rootSha256 = '0'.repeat(64);
  epoch = 1;
  versions = { root: 1, targets: 1, snapshot: 1 };
  readonly #releases = new Map<string, CatalogRelease>();
  readonly #listeners = new Set<() => void>();

  expiring(): readonly [] {
    return [];
  }

  releases(): CatalogRelease[] {
    return [...this.#releases.values()];
  }

  find(model: string, version: string): CatalogRelease | undefined {
    return this.#releases.get(`${model}@${version}`);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lists a release, or changes how it is listed; returns the digest of its manifest. */
  list(model: string, version: string, changes: Partial<CatalogRelease> = {}): string {
    const manifest = sha256(Buffer.from(`${model}@${version}`));
    this.#releases.set(`${model}@${version}`, {
      model,
      version,
      manifest,
      bytes: 1000,
      staging: true,
      production: true,
      withdrawn: null,
      manifestDocument: manifestOf(model, version),
      ...changes,
    });
    for (const listener of this.#listeners) listener();
    return manifest;
  }
}

function manifestOf(model: string, version: string): Manifest {
  return {
    schema: 'bellwether.manifest.v1',
    model,
    version,
    graph: 'model.onnx',
    inputs: [
      { name: 'image', dtype: 'FP32', shape: [-1, 784], role: 'app' },
      { name: 'head', dtype: 'FP32', shape: [10], role: 'parameter', value: 'head.bin' },
    ],
    outputs: [{ name: 'logits', dtype: 'FP32', shape: [-1, 10], role: 'app' }],
    runtime: { intraOpThreads: 1, spinning: false, graphOptimization: 'all' },
    golden: { file: 'golden.json', atol: 0, rtol: 0 },
    lineage: {
      gitCommit: 'abc',
      data: { id: 'mnist', sha256: '0'.repeat(64) },
      training: 'train.py',
      runtimeConfiguration: 'cpu',
    },
    budgets: { memoryMb: 100, p99Ms: 10 },
    adjustable: { tensors: [] },
    files: { 'model.onnx': { bytes: 1000, sha256: '0'.repeat(64) } },
  };
}
