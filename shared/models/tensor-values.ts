import { bytesPerElement, type DataType } from './manifest.js';

/** What onnxruntime calls each data type. */
export const onnxTypes = {
  BOOL: 'bool',
  UINT8: 'uint8',
  INT8: 'int8',
  UINT16: 'uint16',
  INT16: 'int16',
  UINT32: 'uint32',
  INT32: 'int32',
  UINT64: 'uint64',
  INT64: 'int64',
  FP32: 'float32',
  FP64: 'float64',
} as const satisfies Readonly<Record<DataType, string>>;

/** A tensor's values: raw little-endian, row-major bytes. */
export interface TypedBytes {
  readonly dtype: DataType;
  readonly data: Uint8Array;
}

/** The values of a tensor as JavaScript sees them; BOOL is 0 or 1 in a Uint8Array. */
export type TensorValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** The values of a tensor: a view of its bytes where they are aligned, else a copy. */
export function valuesOf({ dtype, data }: TypedBytes): TensorValues {
  const size = bytesPerElement(dtype);
  const bytes = data.byteOffset % size === 0 ? data : new Uint8Array(data);
  return valuesAt(dtype, bytes.buffer, bytes.byteOffset, bytes.byteLength / size);
}

/** New values of a type, each given by its index; BigInt types take whole numbers. */
export function valuesWith(dtype: DataType, length: number, valueAt: (index: number) => number): TensorValues {
  const values = valuesAt(dtype, new ArrayBuffer(length * bytesPerElement(dtype)), 0, length);
  for (let i = 0; i < length; i++) {
    if (values instanceof BigUint64Array || values instanceof BigInt64Array) values[i] = BigInt(valueAt(i));
    else values[i] = valueAt(i);
  }
  return values;
}

/** The bytes behind a typed array, without copying. */
export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** False when one of the values is NaN or infinite. */
export function areFinite(values: TensorValues): boolean {
  if (!(values instanceof Float32Array) && !(values instanceof Float64Array)) return true;
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** A tensor's type and shape, for messages: `FP32[1,784]`. */
export function tensorText({ dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] }): string {
  return `${dtype}[${shape.join(',')}]`;
}

/** How many elements a shape has; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The bytes that a tensor of this type and shape has. */
export function byteCount(dtype: DataType, shape: readonly number[]): number {
  return elementCount(shape) * bytesPerElement(dtype);
}

function valuesAt(dtype: DataType, buffer: ArrayBufferLike, offset: number, length: number): TensorValues {
  switch (dtype) {
    case 'BOOL':
    case 'UINT8':
      return new Uint8Array(buffer, offset, length);
    case 'INT8':
      return new Int8Array(buffer, offset, length);
    case 'UINT16':
      return new Uint16Array(buffer, offset, length);
    case 'INT16':
      return new Int16Array(buffer, offset, length);
    case 'UINT32':
      return new Uint32Array(buffer, offset, length);
    case 'INT32':
      return new Int32Array(buffer, offset, length);
    case 'UINT64':
      return new BigUint64Array(buffer, offset, length);
    case 'INT64':
      return new BigInt64Array(buffer, offset, length);
    case 'FP32':
      return new Float32Array(buffer, offset, length);
    case 'FP64':
      return new Float64Array(buffer, offset, length);
  }
}
