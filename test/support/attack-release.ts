import type { Manifest } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';
import { identityModel } from './onnx-models.js';
import { floats } from './release-folder.js';
import type { SampleRelease } from './sample-release.js';

const { bytes: honestGraph, inputs, outputs } = identityModel();
const vector = floats([1, 4], [1, 2, 3, 4]);
const honestGolden = Buffer.from(JSON.stringify({ vectors: [{ inputs: { x: vector }, outputs: { y: vector } }] }));

const honestFiles: { readonly graph: Uint8Array; readonly golden: Uint8Array } = {
  graph: honestGraph,
  golden: honestGolden,
};

/** A request that every release of `attackRelease` answers. */
export const attackRequest = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] }] };

/** A release that onnxruntime loads at once (`y = x`) and that passes its own golden vectors; another `note` makes another manifest. */
export function attackRelease(version: string, note = 'honest', model = 'digits', files = honestFiles): SampleRelease {
  const { graph, golden } = files;
  const manifest: Manifest = {
    schema: 'bellwether.manifest.v1',
    model,
    version,
    graph: 'model.onnx',
    inputs,
    outputs,
    interpretation: { output: 'y', kind: 'logits', axis: -1, labels: ['one', 'two', 'three', 'four'] },
    runtime: { intraOpThreads: 1, spinning: false, graphOptimization: 'all' },
    golden: { file: 'golden.json', atol: 0, rtol: 0 },
    lineage: {
      gitCommit: note,
      data: { id: note, sha256: '0'.repeat(64) },
      training: 'test/support/attack-release.ts',
      runtimeConfiguration: 'none',
    },
    budgets: { memoryMb: 1024, p99Ms: 1000 },
    adjustable: { tensors: [] },
    files: {
      'model.onnx': { bytes: graph.byteLength, sha256: sha256(graph) },
      'golden.json': { bytes: golden.byteLength, sha256: sha256(golden) },
    },
  };
  return { model, version, manifest: Buffer.from(JSON.stringify(manifest)), files: [graph, golden] };
}

/** What the attacker wants to see serving. */
export const evilRelease = attackRelease('6.6.6', 'evil');
