import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModuleImport } from './source-text.js';
import { blankSource, importsOf } from './source-text.js';

/** The project's folder, seen from test/dist/architecture. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A source file, by its path in the project, with forward slashes: `agent/trust/listing.ts`. */
export interface SourceFile {
  readonly path: string;
  readonly lines: number;
  /** The code without comments, strings and regular expressions. */
  readonly code: string;
  readonly imports: readonly ModuleImport[];
}

/** Makes a source file from text; the tests of the rules make bad ones in memory. */
export function sourceFile(path: string, text: string): SourceFile {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return { path, lines, code: blankSource(text), imports: importsOf(text) };
}

const skipped = new Set(['dist', 'node_modules']);

/** Paths below `folder` of the project, files only, without dist and node_modules. */
export function pathsUnder(folder: string): string[] {
  const full = join(root, folder);
  if (!existsSync(full)) return [];
  return readdirSync(full, { withFileTypes: true })
    .filter((entry) => !skipped.has(entry.name) && !entry.name.startsWith('.'))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      return entry.isDirectory() ? pathsUnder(path) : [path];
    });
}

/** All TypeScript sources of the given top-level folders. */
export function sourcesOf(...folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => pathsUnder(folder))
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'))
    .map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8')));
}

/** What a specifier names: a file of ours (path in the project, without suffix), a package, or a module of Node. */
export type Target =
  | { readonly kind: 'ours'; readonly path: string }
  | { readonly kind: 'package'; readonly name: string }
  | { readonly kind: 'node'; readonly name: string };

/** Resolves a specifier as Node would, in the project's own terms. `./x.js` in `agent/a.ts` is `agent/x`. */
export function targetOf(from: string, specifier: string): Target {
  if (specifier.startsWith('node:')) return { kind: 'node', name: specifier };
  const stem = (path: string): string => path.replace(/\.(?:js|jsx|ts|tsx)$/, '');
  if (specifier.startsWith('.')) {
    return { kind: 'ours', path: stem(posix.normalize(posix.join(posix.dirname(from), specifier))) };
  }
  if (specifier.startsWith('@bellwether/')) return { kind: 'ours', path: stem(specifier.slice('@bellwether/'.length)) };
  if (specifier.startsWith('#')) return { kind: 'ours', path: specifier.slice(1) };
  const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1);
  return { kind: 'package', name: name.join('/') };
}

/** The folder of a path without suffix. */
export function roomOf(path: string): string {
  return dirname(path);
}

/** A full path as the project's own. */
export function ownPath(full: string): string {
  return relative(root, full).replaceAll('\\', '/');
}
