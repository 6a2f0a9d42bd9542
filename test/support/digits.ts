import type * as DigitsModule from '../../examples/digits/digits.mjs';
import type * as FieldModule from '../../examples/digits/field.mjs';

export type { Digits } from '../../examples/digits/digits.mjs';
/** What a camera delivers: an image, and the digit that is on it. */
export type Frame = ReturnType<typeof FieldModule.frameOf>;

/** The example's folder, from test/dist/support. */
export const digitsFolder = new URL('../../../examples/digits/', import.meta.url);

const reader = (await import(new URL('digits.mjs', digitsFolder).href)) as typeof DigitsModule;
const field = (await import(new URL('field.mjs', digitsFolder).href)) as typeof FieldModule;

/** The one reader of the committed digits, which the demo uses too: examples/digits/digits.mjs. */
export const { digitOf, imageOf, readSplit } = reader;
/** Frames as the demo sends them: examples/digits/field.mjs. */
export const { frameOf } = field;
