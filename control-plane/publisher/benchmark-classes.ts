import type { Interpretation } from '@bellwether/shared/models/manifest';
import type { TensorValues } from '@bellwether/shared/models/tensor-values';

/** An output with one row of classes for each sample. */
interface ClassOutput {
  readonly shape: readonly number[];
  readonly values: TensorValues;
}

/** The class that each sample was answered with: the largest along the axis, or for `binary` a probability of at least ½. */
export function answeredClasses({ kind, axis }: Interpretation, { shape, values }: ClassOutput): number[] {
  if (kind === 'regression') throw new TypeError('a regression answers with no class');
  if (kind === 'binary') return Array.from({ length: values.length }, (_, i) => (Number(values[i]) >= 0.5 ? 1 : 0));
  const at = axis < 0 ? shape.length + axis : axis;
  const classes = shape[at] ?? 1;
  const stride = shape.slice(at + 1).reduce((product, size) => product * size, 1);
  return Array.from({ length: values.length / classes }, (_, row) => {
    const start = Math.floor(row / stride) * classes * stride + (row % stride);
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if (Number(values[start + c * stride]) > Number(values[start + best * stride])) best = c;
    }
    return best;
  });
}

/** A score may fall this much below what the manifest says: another machine rounds otherwise. */
const roundingAllowance = 0.005;

/** What is wrong with a measured accuracy, held against the one that the manifest claims; undefined when nothing is. */
export function scoreProblem(claimed: number | undefined, measured: number | undefined): string | undefined {
  if (claimed === undefined) return undefined;
  if (measured === undefined) return `the manifest claims ${percent(claimed)}, and nothing was measured`;
  return measured >= claimed - roundingAllowance
    ? undefined
    : `it scores ${percent(measured)} on its benchmark; the manifest claims ${percent(claimed)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
