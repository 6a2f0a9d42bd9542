// What a camera over a belt delivers, as an app sends it: digits that lie up to two pixels beside the middle, and now and
// then no digit at all. The benchmark has neither, because whoever made it had cut the digits out and centred them.

import { COLUMNS, imageOf, PIXELS, ROWS } from './digits.mjs';

/** Every so many frames the belt is empty. */
const emptyEvery = 25;
/** Frames lie up to this many pixels beside the middle, in both directions. */
const maxShift = 2;

/**
 * Frame `number` of a camera: `{ image, label }`, where `image` is the model's input (784 floats, 0…1) and `label` the
 * digit that is on it, null on an empty belt. The same number gives the same frame.
 */
export function frameOf(digits, number) {
  if (number % emptyEvery === emptyEvery - 1) return { image: new Float32Array(PIXELS), label: null };
  const index = (number * 7) % digits.count;
  const places = 2 * maxShift + 1;
  // Two numbers without a common factor with the places: every shift comes as often as every other.
  const down = ((number * 3) % places) - maxShift;
  const right = ((Math.floor(number / places) * 2) % places) - maxShift;
  return { image: shifted(imageOf(digits, index), down, right), label: digits.labels[index] };
}

/** The image moved by so many pixels; paper comes in behind it. */
function shifted(image, down, right) {
  const moved = new Float32Array(PIXELS);
  for (let row = Math.max(0, down); row < Math.min(ROWS, ROWS + down); row += 1) {
    for (let column = Math.max(0, right); column < Math.min(COLUMNS, COLUMNS + right); column += 1) {
      moved[row * COLUMNS + column] = image[(row - down) * COLUMNS + column - right];
    }
  }
  return moved;
}
