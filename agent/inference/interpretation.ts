import type { Interpretation } from '@bellwether/shared/models/manifest';
import { areFinite, elementCount, type TensorValues, valuesOf } from '@bellwether/shared/models/tensor-values';
import type { Tensor } from './engine.js';

/** What an answer says, for telemetry. */
export interface Reading {
  /** One entry per row, at most 256; empty for a regression. */
  readonly rows: ReadonlyArray<{ readonly classIndex: number; readonly confidence: number }>;
  /** True when any number of the interpreted output is not finite. */
  readonly invalid: boolean;
  /** How many classes there are; 0 for a regression. */
  readonly classes: number;
}

/** A segmentation has a row per pixel: telemetry is content with the first ones. */
const maxRows = 256;
/** So many exponentials are a millisecond of the main loop. */
const maxReadValues = 65_536;

const unread: Reading = { rows: [], invalid: false, classes: 0 };

/** Reads the output that the manifest interprets; an answer without interpretation says nothing. */
export function readAnswer(interpretation: Interpretation | undefined, outputs: readonly Tensor[]): Reading {
  const output = outputs.find((each) => each.name === interpretation?.output);
  if (interpretation === undefined || output === undefined) return unread;
  const values = valuesOf(output);
  const invalid = !areFinite(values);
  if (interpretation.kind === 'regression') return { ...unread, invalid };
  if (interpretation.kind === 'binary') return { rows: invalid ? [] : binaryRows(values), invalid, classes: 2 };
  const layout = layoutOf(output.shape, interpretation.axis);
  const temperature = interpretation.calibration?.temperature ?? 1;
  const confidence =
    interpretation.kind === 'logits'
      ? (best: number, row: ClassRow) => softmaxAt(best, row, temperature)
      : (best: number) => clamp(best);
  return { rows: invalid ? [] : classRows(values, layout, confidence), invalid, classes: layout.classes };
}

/** Where the classes of row (outer, inner) lie: at `outer·classes·stride + inner + class·stride`. */
interface Layout {
  readonly classes: number;
  readonly stride: number;
  readonly rows: number;
}

interface ClassRow {
  readonly values: TensorValues;
  readonly start: number;
  readonly classes: number;
  readonly stride: number;
}

function layoutOf(shape: readonly number[], axis: number): Layout {
  const at = axis < 0 ? shape.length + axis : axis;
  const classes = shape[at] ?? 1;
  const stride = elementCount(shape.slice(at + 1));
  return { classes, stride, rows: classes === 0 ? 0 : elementCount(shape) / classes };
}

function classRows(
  values: TensorValues,
  { classes, stride, rows }: Layout,
  confidenceOf: (best: number, row: ClassRow) => number,
): Reading['rows'] {
  return Array.from({ length: Math.min(rows, maxRows, Math.ceil(maxReadValues / classes)) }, (_, i) => {
    const start = Math.floor(i / stride) * classes * stride + (i % stride);
    let classIndex = 0;
    let best = Number(values[start]);
    for (let c = 1; c < classes; c++) {
      const value = Number(values[start + c * stride]);
      if (value <= best) continue;
      best = value;
      classIndex = c;
    }
    return { classIndex, confidence: confidenceOf(best, { values, start, classes, stride }) };
  });
}

/** The softmax of the largest logit, at a calibration temperature (Guo et al. 2017, eq. 9); never overflows. */
function softmaxAt(best: number, { values, start, classes, stride }: ClassRow, temperature: number): number {
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp((Number(values[start + c * stride]) - best) / temperature);
  return 1 / sum;
}

function binaryRows(values: TensorValues): Reading['rows'] {
  return Array.from({ length: Math.min(values.length, maxRows) }, (_, i) => {
    const probability = clamp(Number(values[i]));
    const classIndex = probability >= 0.5 ? 1 : 0;
    return { classIndex, confidence: classIndex === 1 ? probability : 1 - probability };
  });
}

function clamp(probability: number): number {
  return Math.min(1, Math.max(0, probability));
}
