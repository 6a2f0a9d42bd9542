import { type Static, type TSchema, Type } from 'typebox';
import { Compile as compileNow } from 'typebox/compile';
import { Convert, Default } from 'typebox/value';
import type { CompiledSchema } from './contract/decode.js';

/**
 * TypeBox, the one library for types, checks and API documents. It is imported from here only: the build replaces this
 * file's output by a bundle of itself, because the library's 700 modules cost every process 225 ms and the bundle 18
 * (docs/decisions/0009).
 */
export { Convert, Default, type Static, type TSchema, Type };

/**
 * A schema for checking, compiled when it is first asked: a process has a hundred schemas and most of its verbs use a
 * few, and compiling all of them cost a server 100 ms of its start.
 */
export function Compile<const Schema extends TSchema>(schema: Schema): CompiledSchema<Static<Schema>> {
  let compiled: ReturnType<typeof compileNow> | undefined;
  const made = (): ReturnType<typeof compileNow> => {
    compiled ??= compileNow(schema);
    return compiled;
  };
  return {
    Check: (value): value is Static<Schema> => made().Check(value),
    Errors: (value) => made().Errors(value),
  };
}
