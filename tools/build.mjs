// Builds everything that is stale: removes dist files whose source is gone, `tsc -b`, bundles libraries, then
// the console by vite.
//
//   node tools/build.mjs

import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleLibraries } from './bundle-libraries.mjs';
import { compiledOf, orphansOf, staleOf } from './dist-files.mjs';
import { exclusively } from './exclusive.mjs';
import { root, runChild, seconds } from './run-child.mjs';

const projects = ['shared', 'agent', 'control-plane', 'control-plane/console', 'test'];

/** The newest modification time under a folder, in ms; 0 when there is none. */
function newestMs(folder) {
  if (!existsSync(folder)) return 0;
  const times = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return Math.max(0, ...times);
}

function isConsoleStale() {
  const page = join(root, 'control-plane', 'dist', 'console', 'index.html');
  if (!existsSync(page)) return true;
  const inputs = ['control-plane/console', 'shared/dist', 'package-lock.json'].map((name) => join(root, name));
  const newest = Math.max(...inputs.map((path) => (statSync(path).isFile() ? statSync(path).mtimeMs : newestMs(path))));
  return newest > statSync(page).mtimeMs;
}

async function buildAll(say) {
  for (const project of projects.map((name) => join(root, name))) {
    for (const orphan of orphansOf(project)) rmSync(orphan);
    // Incremental tsc believes its build info: when an output was deleted by hand, forget the build info too.
    const isIncomplete = staleOf(project).some((source) => !existsSync(compiledOf(project, source)));
    if (isIncomplete) rmSync(join(project, 'dist', 'tsconfig.tsbuildinfo'), { force: true });
  }
  const startedMs = performance.now();
  const isFirst = !existsSync(join(root, 'test', 'dist'));
  if (isFirst) say('compiling');
  const compiled = await runChild(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']);
  if (compiled !== 0) return compiled;
  await bundleLibraries();
  if (isConsoleStale()) {
    const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
    const folder = join(root, 'control-plane', 'console');
    const options = ['--config', join(folder, 'vite.config.mjs'), '--logLevel', 'warn'];
    const bundled = await runChild(process.execPath, [vite, 'build', folder, ...options]);
    if (bundled !== 0) return bundled;
  }
  if (isFirst) say(`compiled in ${seconds(performance.now() - startedMs)}`);
  return 0;
}

/** Builds what is stale, one process at a time; answers the exit code. */
export async function build({ say = (text) => console.log(`build: ${text}`) } = {}) {
  return exclusively(join(root, '.bellwether', 'build.lock'), () => buildAll(say), say);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await build();
}
