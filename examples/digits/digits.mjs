// The container of the digit files in data/: reading, writing, and what an image looks like as a model's input.
//
//   gzip( header + '\n' + pixels + labels )
//
//   header   one line of JSON: { format, name, count, rows, columns, sha256 }
//   pixels   count × rows × columns bytes, row-major, 0 = paper, 255 = ink
//   labels   count bytes, 0…9
//   sha256   lower-case hex, of pixels followed by labels

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';

export const ROWS = 28;
export const COLUMNS = 28;
export const PIXELS = ROWS * COLUMNS;

const FORMAT = 'bellwether-digits/1';
const MAX_BYTES = 16 * 1024 * 1024;

const sha256Of = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** The bytes of a container, not compressed. */
export function packDigits({ name, pixels, labels }) {
  const count = labels.length;
  if (pixels.length !== count * PIXELS) throw new Error(`${name}: ${pixels.length} pixels for ${count} labels`);
  const sha256 = sha256Of(pixels, labels);
  const header = JSON.stringify({ format: FORMAT, name, count, rows: ROWS, columns: COLUMNS, sha256 });
  return Buffer.concat([Buffer.from(`${header}\n`), pixels, labels]);
}

/** The compressed container as it is stored. */
export function encodeDigits(digits) {
  return gzipSync(packDigits(digits), { level: 9 });
}

/** Reads a container from its compressed bytes and checks its format, its size and its digest. */
export function decodeDigits(bytes) {
  const raw = gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
  const end = raw.indexOf(0x0a);
  if (end < 0) throw new Error('digits: no header line');
  const header = JSON.parse(raw.toString('utf8', 0, end));
  if (header.format !== FORMAT) throw new Error(`digits: format is ${header.format}, not ${FORMAT}`);
  if (header.rows !== ROWS || header.columns !== COLUMNS) throw new Error('digits: images are not 28 × 28');
  const body = raw.subarray(end + 1);
  const { name, count, sha256 } = header;
  if (body.length !== count * (PIXELS + 1)) throw new Error(`digits: ${body.length} bytes for ${count} images`);
  if (sha256Of(body) !== sha256) throw new Error(`digits: the sha256 of ${name} is not the one in its header`);
  const pixels = new Uint8Array(body.subarray(0, count * PIXELS));
  const labels = new Uint8Array(body.subarray(count * PIXELS));
  return { name, count, sha256, pixels, labels };
}

/** Reads a committed split: `benchmark` or `stream`. */
export function readSplit(name) {
  return decodeDigits(readFileSync(new URL(`./data/${name}.digits.gz`, import.meta.url)));
}

/** Image `index` as the model's input `image`: 784 floats, 0…1. */
export function imageOf(digits, index) {
  if (!Number.isInteger(index) || index < 0 || index >= digits.count) throw new RangeError(`digits: no image ${index}`);
  return Float32Array.from(digits.pixels.subarray(index * PIXELS, (index + 1) * PIXELS), (pixel) => pixel / 255);
}

/** The position of the largest of the ten logits that begin at `offset`: the digit that was read. */
export function digitOf(logits, offset = 0) {
  let best = 0;
  for (let digit = 1; digit < 10; digit += 1) if (logits[offset + digit] > logits[offset + best]) best = digit;
  return best;
}
