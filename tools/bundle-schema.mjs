// Replaces shared/dist/schema.js, which re-exports TypeBox, by a bundle of itself: 700 modules cost every process 225 ms
// at its start, the bundle 18 (docs/decisions/0009). Without this step everything works, only slower.

import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run-child.mjs';

/** Bundles when tsc has written the file anew, or TypeBox is another version. */
export async function bundleSchemaLibrary() {
  const file = join(root, 'shared', 'dist', 'schema.js');
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', 'typebox', 'package.json'), 'utf8'));
  const banner = `// typebox ${version}, MIT, bundled from shared/schema.ts`;
  if (readFileSync(file, 'utf8').startsWith(banner)) return;
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({ input: join(root, 'shared', 'schema.ts'), platform: 'node' });
  await bundle.write({ file: `${file}.new`, format: 'esm', banner });
  await bundle.close();
  renameSync(`${file}.new`, file);
}
