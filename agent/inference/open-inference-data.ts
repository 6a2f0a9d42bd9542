import { bytesPerElement, type DataType } from '@bellwether/shared/models/manifest';
import { areFinite, bytesOf, valuesOf } from '@bellwether/shared/models/tensor-values';
import { OpenInferenceError } from './open-inference-error.js';

/** Integers that a JSON number holds exactly, per type. */
const integerRanges: Readonly<Partial<Record<DataType, readonly [number, number]>>> = {
  UINT8: [0, 2 ** 8 - 1],
  INT8: [-(2 ** 7), 2 ** 7 - 1],
  UINT16: [0, 2 ** 16 - 1],
  INT16: [-(2 ** 15), 2 ** 15 - 1],
  UINT32: [0, 2 ** 32 - 1],
  INT32: [-(2 ** 31), 2 ** 31 - 1],
  UINT64: [0, Number.MAX_SAFE_INTEGER],
  INT64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

/** What the values belong to: for the message, and how many there must be. */
interface ExpectedData {
  readonly name: string;
  readonly dtype: DataType;
  readonly count: number;
}

/** Bytes of a tensor from its JSON values, flat or nested; throws OpenInferenceError `wrong-data`. */
export function bytesFromJson(data: unknown, expected: ExpectedData): Uint8Array {
  if (!Array.isArray(data)) throw wrongData(expected, 'its data is no array');
  const values: readonly unknown[] = Array.isArray(data[0]) ? data.flat(16) : data;
  const { dtype, count } = expected;
  if (values.length !== count) throw wrongData(expected, `${values.length} values, its shape has ${count}`);
  if (dtype === 'FP32') return bytesOf(floats(values, new Float32Array(count), expected));
  if (dtype === 'FP64') return bytesOf(floats(values, new Float64Array(count), expected));
  if (dtype === 'BOOL') return Uint8Array.from(values, (value, i) => bit(value, i, expected));
  const bytes = new Uint8Array(count * bytesPerElement(dtype));
  const view = valuesOf({ dtype, data: bytes });
  for (const [i, value] of values.entries()) {
    const number = integer(value, i, expected);
    if (view instanceof BigInt64Array || view instanceof BigUint64Array) view[i] = BigInt(number);
    else view[i] = number;
  }
  return bytes;
}

/** The values of a tensor as JSON text: `[1,2.5]`. JSON has no NaN and no infinity: they become null. */
export function jsonFromBytes(dtype: DataType, data: Uint8Array): string {
  if (dtype === 'BOOL') return `[${Array.from(data, (value) => value !== 0).join(',')}]`;
  const values = valuesOf({ dtype, data });
  return areFinite(values) ? `[${values.join(',')}]` : JSON.stringify(Array.from(values, Number));
}

/** One plain loop, which the compiler turns into a few instructions a value: most requests are this. */
function floats<T extends Float32Array | Float64Array>(values: readonly unknown[], into: T, expected: ExpectedData): T {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'number') throw wrongData(expected, `value ${i} is no number`);
    into[i] = value;
    if (!Number.isFinite(into[i])) throw wrongData(expected, `value ${i} is out of range`);
  }
  return into;
}

function integer(value: unknown, i: number, expected: ExpectedData): number {
  const [least, most] = integerRanges[expected.dtype] ?? [0, 0];
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongData(expected, `value ${i} is no integer`);
  if (value < least || value > most) throw wrongData(expected, `value ${i} is not between ${least} and ${most}`);
  return value;
}

function bit(value: unknown, i: number, expected: ExpectedData): number {
  if (typeof value !== 'boolean') throw wrongData(expected, `value ${i} is neither true nor false`);
  return value ? 1 : 0;
}

function wrongData({ name, dtype }: ExpectedData, why: string): OpenInferenceError {
  return new OpenInferenceError('wrong-data', `input ${name} (${dtype}): ${why}`);
}
