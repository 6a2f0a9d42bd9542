import type { Manifest } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';

/** A release whose manifest is valid and whose files are no models: for everything that happens before a load. */
export interface SampleRelease {
  readonly model: string;
  readonly version: string;
  readonly manifest: Uint8Array;
  readonly files: readonly Uint8Array[];
}

/** What a release in tests is made of. */
export interface ReleaseParts {
  readonly model: string;
  readonly version: string;
  readonly graph: Uint8Array;
  readonly golden: Uint8Array;
  /** Another one makes another manifest of the same files. */
  readonly note: string;
  /** What else its manifest says. */
  readonly manifest: Pick<Manifest, 'inputs' | 'outputs' | 'budgets' | 'interpretation'>;
}

/** A release of two files with a valid manifest. */
export function assembleRelease({ model, version, graph, golden, note, manifest: says }: ReleaseParts): SampleRelease {
  const manifest: Manifest = {
    schema: 'bellwether.manifest.v1',
    model,
    version,
    graph: 'model.onnx',
    runtime: { intraOpThreads: 1, spinning: false, graphOptimization: 'all' },
    golden: { file: 'golden.json', atol: 0, rtol: 0 },
    lineage: {
      gitCommit: note,
      data: { id: note, sha256: '0'.repeat(64) },
      training: 'test/support/sample-release.ts',
      runtimeConfiguration: 'none',
    },
    adjustable: { tensors: [] },
    files: {
      'model.onnx': { bytes: graph.byteLength, sha256: sha256(graph) },
      'golden.json': { bytes: golden.byteLength, sha256: sha256(golden) },
    },
    ...says,
  };
  return { model, version, manifest: Buffer.from(JSON.stringify(manifest)), files: [graph, golden] };
}

/** Makes `model@version`; another `note` makes other bytes of the same release. */
export function sampleRelease(model: string, version: string, note = 'sample'): SampleRelease {
  return assembleRelease({
    model,
    version,
    note,
    graph: Buffer.from(`graph of ${model}@${version}: ${note}`),
    golden: Buffer.from(`golden vectors of ${model}@${version}`),
    manifest: {
      inputs: [{ name: 'x', dtype: 'FP32', shape: [1], role: 'app' }],
      outputs: [{ name: 'y', dtype: 'FP32', shape: [1], role: 'app' }],
      budgets: { memoryMb: 64, p99Ms: 10 },
    },
  });
}
