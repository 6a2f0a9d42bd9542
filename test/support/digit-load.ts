import { imageOf, readSplit } from './digits.js';
import type { LoadBody } from './open-loop.js';

const stream = readSplit('stream');

/** A handwritten digit of the stream split as a binary request. */
export function digitLoad(index: number): LoadBody {
  const image = imageOf(stream, index % stream.count);
  const pixels = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  const input = { name: 'image', datatype: 'FP32', shape: [1, 1, 28, 28] };
  const header = Buffer.from(
    JSON.stringify({ inputs: [{ ...input, parameters: { binary_data_size: pixels.byteLength } }] }),
  );
  return { model: 'digits', body: Buffer.concat([header, pixels]), headerBytes: header.byteLength };
}
