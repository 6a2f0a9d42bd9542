import type { TensorValue } from './golden.js';
import { type TensorValues, tensorText, valuesOf } from './tensor-values.js';

/** |got − want| ≤ atol + rtol·|want|. */
interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
}

interface NamedOutput {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Where outputs differ from a golden vector's, in one sentence; undefined when they agree. NaN agrees with NaN, infinity with the same infinity. */
export function goldenDifference(
  want: Readonly<Record<string, TensorValue>>,
  got: readonly NamedOutput[],
  tolerance: Tolerance,
): string | undefined {
  for (const [name, value] of Object.entries(want)) {
    const output = got.find((each) => each.name === name);
    if (output === undefined) return `output ${name} is missing`;
    if (tensorText(output) !== tensorText(value)) {
      return `output ${name} is ${tensorText(output)} instead of ${tensorText(value)}`;
    }
    const wanted = valuesOf({ dtype: value.dtype, data: Buffer.from(value.data, 'base64') });
    const gotten = valuesOf({ dtype: value.dtype, data: output.data });
    const at = firstBeyond(wanted, gotten, tolerance);
    if (at === undefined) continue;
    return `output ${name}[${at}] is ${gotten[at]} instead of ${wanted[at]}, beyond ${tolerance.atol} + ${tolerance.rtol}·|want|`;
  }
  return undefined;
}

function firstBeyond(want: TensorValues, got: TensorValues, { atol, rtol }: Tolerance): number | undefined {
  if (want.length !== got.length) return Math.min(want.length, got.length);
  for (let i = 0; i < want.length; i++) {
    const wanted = Number(want[i]);
    const gotten = Number(got[i]);
    if (Object.is(wanted, gotten) || wanted === gotten) continue;
    if (!(Math.abs(gotten - wanted) <= atol + rtol * Math.abs(wanted))) return i;
    if (!Number.isFinite(wanted)) return i;
  }
  return undefined;
}
