import { identityModel } from './onnx-models.js';
import { floats } from './release-folder.js';
import { assembleRelease, type SampleRelease } from './sample-release.js';

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
  return assembleRelease({
    model,
    version,
    note,
    ...files,
    manifest: {
      inputs,
      outputs,
      interpretation: { output: 'y', kind: 'logits', axis: -1, labels: ['one', 'two', 'three', 'four'] },
      budgets: { memoryMb: 1024, p99Ms: 1000 },
    },
  });
}

/** What the attacker wants to see serving. */
export const evilRelease = attackRelease('6.6.6', 'evil');
