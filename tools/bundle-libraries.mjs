// Replaces modules that re-export a library by a bundle of themselves: TypeBox's 700 modules cost every process 225 ms at
// its start, the bundle 18; tuf-js cost every refresh of metadata 25 ms (docs/decisions/0009). Without this step
// everything works, only slower.

import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run-child.mjs';

const bundles = [
  { project: 'shared', module: 'schema', library: 'typebox' },
  { project: 'shared', module: 'yaml', library: 'yaml' },
  { project: 'control-plane', module: 'database/kysely', library: 'kysely' },
  { project: 'agent', module: 'trust/repository-tuf-store', library: 'tuf-js' },
];

/** Bundles what tsc has written anew, or whose library is another version. */
export async function bundleLibraries() {
  for (const { project, module, library } of bundles) {
    const file = join(root, project, 'dist', `${module}.js`);
    const { version } = JSON.parse(readFileSync(join(root, 'node_modules', library, 'package.json'), 'utf8'));
    const banner = `// ${library} ${version}, MIT, bundled from ${project}/${module}.ts`;
    if (readFileSync(file, 'utf8').startsWith(banner)) continue;
    const { rolldown } = await import('rolldown');
    const bundle = await rolldown({ input: join(root, project, `${module}.ts`), platform: 'node' });
    await bundle.write({ file: `${file}.new`, format: 'esm', banner });
    await bundle.close();
    renameSync(`${file}.new`, file);
  }
}
