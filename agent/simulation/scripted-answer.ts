import { bytesPerElement, type Manifest, type OutputTensor } from '@bellwether/shared/models/manifest';
import type { Tensor } from '../inference/engine.js';

/** What a scripted answer is to say. */
export interface AnswerScript {
  /** Index of the answered class; taken modulo the classes that there are. */
  readonly classIndex: number;
  /** Probability of that class, 0 … 1. */
  readonly confidence: number;
  readonly invalid: boolean;
}

/** App outputs of one row that say so: the interpreted output by its kind, every other one zeros. */
export function scriptedOutputs(manifest: Manifest, script: AnswerScript): Tensor[] {
  const { interpretation } = manifest;
  return manifest.outputs
    .filter(({ role }) => role === 'app')
    .map((output) => {
      const shape = output.shape.map((size) => (size < 0 ? 1 : size));
      const count = shape.reduce((product, size) => product * size, 1);
      const data = new Uint8Array(count * bytesPerElement(output.dtype));
      const isRead = interpretation !== undefined && interpretation.output === output.name;
      if (isRead)
        fill(data, output, { ...script, kind: interpretation.kind, classes: shape.at(interpretation.axis) ?? 1 });
      return { name: output.name, dtype: output.dtype, shape, data };
    });
}

interface Filling extends AnswerScript {
  readonly kind: NonNullable<Manifest['interpretation']>['kind'];
  readonly classes: number;
}

function fill(data: Uint8Array, { dtype }: OutputTensor, filling: Filling): void {
  if (dtype !== 'FP32' && dtype !== 'FP64') return;
  const values = dtype === 'FP32' ? new Float32Array(data.buffer) : new Float64Array(data.buffer);
  const { kind, classes, classIndex, confidence, invalid } = filling;
  if (invalid) {
    values.fill(Number.NaN);
    return;
  }
  if (kind === 'binary') values[0] = classIndex % 2 === 1 ? confidence : 1 - confidence;
  if (kind === 'regression') values.fill(confidence);
  if (kind !== 'logits' && kind !== 'probabilities') return;
  const rest = classes > 1 ? (1 - confidence) / (classes - 1) : 0;
  // Logits of these probabilities: the others stay 0.
  if (kind === 'probabilities') values.fill(rest);
  values[classIndex % classes] = kind === 'probabilities' ? confidence : Math.log(confidence / Math.max(rest, 1e-9));
}
