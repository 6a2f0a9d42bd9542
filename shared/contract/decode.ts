import { CodedError, messageOf } from '../errors.js';
import { type SchemaErrors, schemaFault } from './schema-fault.js';
import { parseStrictJson, parseUnsignedJson } from './strict-json.js';

export type DecodeErrorCode = 'too-large' | 'malformed' | 'schema';

/** Bytes or a value that are not the document they should be. The message names the document, the field and the fault. */
export class DecodeError extends CodedError<DecodeErrorCode> {}

/** A compiled TypeBox schema, as far as decoding needs it. */
export interface CompiledSchema<T> {
  Check(value: unknown): value is T;
  Errors(value: unknown): SchemaErrors;
}

interface DocumentLimits {
  /** What it is, for the message: `order`. */
  readonly what: string;
  readonly maxBytes: number;
  /** True for telemetry: equal keys are borne there, since no two readers have to see one document. */
  readonly isUnsigned?: boolean;
}

/** Reads a document: size, JSON (strict, unless it is unsigned), schema, in this order. Whether unknown fields pass is the schema's to say. Throws DecodeError. */
export function decodeDocument<T>(schema: CompiledSchema<T>, bytes: Uint8Array, limits: DocumentLimits): T {
  if (bytes.byteLength > limits.maxBytes) {
    throw new DecodeError('too-large', `${limits.what} has ${bytes.byteLength} bytes, more than ${limits.maxBytes}`);
  }
  let value: unknown;
  try {
    value = limits.isUnsigned === true ? parseUnsignedJson(bytes) : parseStrictJson(bytes);
  } catch (cause) {
    throw new DecodeError('malformed', `${limits.what} ${messageOf(cause)}`, { cause });
  }
  return checkSchema(schema, value, limits.what);
}

/** Holds a value against a schema; throws DecodeError `schema` that names a faulty field. */
export function checkSchema<T>(schema: CompiledSchema<T>, value: unknown, what: string): T {
  if (schema.Check(value)) return value;
  throw new DecodeError('schema', `${what}${schemaFault(schema.Errors(value))}`);
}
