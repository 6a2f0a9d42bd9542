import type * as DigitsModule from '../../examples/digits/digits.mjs';

export type { Digits } from '../../examples/digits/digits.mjs';

/** The example's folder, from test/dist/support. */
export const digitsFolder = new URL('../../../examples/digits/', import.meta.url);

const reader = (await import(new URL('digits.mjs', digitsFolder).href)) as typeof DigitsModule;

/** The one reader of the committed digits, which the demo uses too: examples/digits/digits.mjs. */
export const { digitOf, imageOf, readSplit } = reader;
