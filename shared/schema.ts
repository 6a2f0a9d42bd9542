/**
 * TypeBox, the one library for types, checks and API documents. It is imported from here only: the build replaces this
 * file's output by a bundle of itself, because the library's 700 modules cost every process 225 ms and the bundle 18
 * (docs/decisions/0009).
 */
export { type Static, type TSchema, Type } from 'typebox';
export { Compile } from 'typebox/compile';
export { Default } from 'typebox/value';
