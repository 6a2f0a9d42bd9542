// Which files of a project's dist have no source any more, and which are older than their source. Processes and tests
// run dist: a forgotten file there is code that nobody can read, and a stale one is yesterday's program.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Folders in dist that are not written by tsc: vite's, and it empties its own. */
const foreign = new Set(['console']);
const outputs = /\.(?:d\.ts|d\.mts|js|mjs)(?:\.map)?$/;

function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The output files of tsc in `<project>/dist`, each with the source it must come from. */
function outputsOf(project) {
  const dist = join(project, 'dist');
  return filesUnder(dist)
    .filter((file) => outputs.test(file) && !foreign.has(relative(dist, file).split(sep)[0]))
    .map((file) => ({ file, source: sourceOf(join(project, relative(dist, file).replace(outputs, ''))) }));
}

/** The source with this path, which lacks its suffix: `.tsx` where there is one. */
function sourceOf(stem) {
  return existsSync(`${stem}.tsx`) ? `${stem}.tsx` : `${stem}.ts`;
}

/** Where tsc writes the JavaScript of a source file. */
export function compiledOf(project, source) {
  return join(project, 'dist', relative(project, source).replace(/\.tsx?$/, '.js'));
}

/** Full paths of dist files whose source is gone. */
export function orphansOf(project) {
  return outputsOf(project)
    .filter(({ source }) => !existsSync(source))
    .map(({ file }) => file);
}

/**
 * The sources of `project` (full path of its folder) whose compiled file is missing, or older than they are when no
 * `tsc -b` has looked since: tsc leaves a file alone whose text did not change, and then only touches its build info.
 */
export function staleOf(project) {
  const info = join(project, 'dist', 'tsconfig.tsbuildinfo');
  const lookedMs = existsSync(info) ? statSync(info).mtimeMs : 0;
  return filesUnder(project)
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))
    .filter((file) => !/^(?:dist|node_modules|console)(?:\/|$)/.test(relative(project, file)))
    .filter((file) => {
      const compiled = compiledOf(project, file);
      return !existsSync(compiled) || Math.max(statSync(compiled).mtimeMs, lookedMs) < statSync(file).mtimeMs;
    });
}
