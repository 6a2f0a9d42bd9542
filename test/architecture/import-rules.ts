import type { Row } from './import-tables.js';
import {
  adapterName,
  entryPoints,
  impureWords,
  ownImports,
  packageHomes,
  processPoints,
  pureFiles,
  pureNodeModules,
  secretComparison,
  sharedAdapters,
} from './import-tables.js';
import type { SourceFile, Target } from './project.js';
import { roomOf, targetOf } from './project.js';

/** A rule looks at all sources and answers one line per violation. */
export type Rule = (files: readonly SourceFile[]) => string[];

/** Whether a path fits a pattern (`*` within a name, `**` any folders). */
export function fits(path: string, pattern: string): boolean {
  const source = pattern
    .split('**')
    .map((part) => part.split('*').map(escapeRegex).join('[^/]*'))
    .join('.*')
    .replaceAll('/.*/', '/(?:.*/)?');
  return new RegExp(`^${source}$`).test(path);
}

function escapeRegex(text: string): string {
  return text.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
}

const isIn = (path: string, rows: readonly Row[]): boolean => rows.some((row) => fits(path, row.path));

/** A technology in the name, or a row of shared's table. */
function isAdapter(path: string): boolean {
  return isIn(path, sharedAdapters) || (!path.startsWith('shared/') && adapterName.test(path));
}

/** P and T: in the table, and no adapter. */
export function isPure(path: string): boolean {
  return !isAdapter(path) && pureFiles.some((pattern) => fits(path, pattern));
}

interface Edge {
  readonly from: string;
  readonly target: Target;
  readonly isType: boolean;
}

function edgesOf(files: readonly SourceFile[]): Edge[] {
  return files.flatMap(({ path, imports }) =>
    imports.map(({ specifier, isType }) => ({ from: path, target: targetOf(path, specifier), isType })),
  );
}

/** Edges to our own files, with the path of the file that is there: `agent/x` is `agent/x.ts`. */
function ownEdgesOf(files: readonly SourceFile[]): ReadonlyArray<{ from: string; to: string; isType: boolean }> {
  const known = new Map(files.map(({ path }) => [path.replace(/\.tsx?$/, ''), path]));
  return edgesOf(files).flatMap(({ from, target, isType }) =>
    target.kind === 'ours' ? [{ from, to: known.get(target.path) ?? `${target.path}.ts`, isType }] : [],
  );
}

/** shared imports nothing of ours; agent and control-plane import shared and themselves; the console shared and itself. */
export const ownFolders: Rule = (files) =>
  ownEdgesOf(files).flatMap(({ from, to, isType }) => {
    const row = ownImports.find((each) => fits(from, each.from));
    if (row === undefined) return [];
    const allowed = isType ? [...row.to, ...(row.types ?? [])] : row.to;
    return allowed.some((pattern) => fits(to, pattern)) ? [] : [`${from} imports ${to}`];
  });

/** shared does no I/O, except its adapters. */
export const sharedWithoutInputOutput: Rule = (files) =>
  edgesOf(files).flatMap(({ from, target }) =>
    from.startsWith('shared/') &&
    !isIn(from, sharedAdapters) &&
    target.kind === 'node' &&
    !pureNodeModules.includes(target.name)
      ? [`${from} imports ${target.name}`]
      : [],
  );

/** P files import, by value, P and T files only, and of Node only what is a function of its arguments. */
export const pureImports: Rule = (files) => [
  ...ownEdgesOf(files).flatMap(({ from, to, isType }) =>
    isPure(from) && !isType && !isPure(to) ? [`${from} is pure but imports ${to}`] : [],
  ),
  ...edgesOf(files).flatMap(({ from, target, isType }) =>
    isPure(from) && !isType && target.kind === 'node' && !pureNodeModules.includes(target.name)
      ? [`${from} is pure but imports ${target.name}`]
      : [],
  ),
];

/** P files have no await, clock, dice, environment, logger to the terminal, or timer. */
export const pureWords: Rule = (files) =>
  files
    .filter(({ path }) => isPure(path))
    .flatMap(({ path, code }) =>
      [...impureWords].flatMap(([name, pattern]) => (pattern.test(code) ? [`${path} is pure but uses ${name}`] : [])),
    );

/** Each package is imported by value in its home only. */
export const packagesAtHome: Rule = (files) =>
  edgesOf(files).flatMap(({ from, target, isType }) => {
    if (target.kind !== 'package' || isType) return [];
    const homes = packageHomes[target.name];
    if (homes === undefined) return [`${from} imports ${target.name}, which has no home in packageHomes`];
    return homes.some((pattern) => fits(from, pattern))
      ? []
      : [`${from} imports ${target.name}, which lives in ${homes.join(', ')}`];
  });

/** Adapters are imported by value by entry points and by adapters of their own room. */
export const adaptersAtEntryPoints: Rule = (files) =>
  ownEdgesOf(files).flatMap(({ from, to, isType }) => {
    if (isType || !isAdapter(to) || to.startsWith('shared/') || isIn(from, entryPoints)) return [];
    return isAdapter(from) && roomOf(from) === roomOf(to) ? [] : [`${from} imports the adapter ${to}`];
  });

/** Private keys stay with the CLI: only cli/ imports publisher/. */
export const publisherOnlyFromCli: Rule = (files) =>
  ownEdgesOf(files).flatMap(({ from, to }) =>
    to.startsWith('control-plane/publisher/') && !/^control-plane\/(?:publisher|cli)\//.test(from)
      ? [`${from} imports ${to}`]
      : [],
  );

/** Secrets are compared in one function, which takes the same time wherever they differ: a second one would be forgotten. */
export const secretsComparedOnce: Rule = (files) =>
  files.flatMap(({ path, code }) =>
    path !== secretComparison && /\btimingSafeEqual\b/.test(code) ? [`${path} compares secrets by itself`] : [],
  );

/** `process` is seen by mains only. */
export const processAtEntryPoints: Rule = (files) => {
  const pattern = impureWords.get('process') ?? /\bprocess\./;
  return files.flatMap(({ path, code, imports }) =>
    !isIn(path, processPoints) && (pattern.test(code) || imports.some((each) => each.specifier === 'node:process'))
      ? [`${path} sees process`]
      : [],
  );
};

/** Import from the defining file, by name. */
export const namedAndDirect: Rule = (files) =>
  files.flatMap(({ path, code }) => [
    ...(/(?:^|\/)index\.tsx?$/.test(path) ? [`${path} is a barrel`] : []),
    ...(/^\s*export\s+default\b/m.test(code) || /\bas\s+default\b/.test(code) ? [`${path} has a default export`] : []),
  ]);

/** No cycles, over value and type imports. */
export const withoutCycles: Rule = (files) => {
  const next = new Map<string, string[]>();
  for (const { from, to } of ownEdgesOf(files)) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt !== -1) cycles.push([...trail.slice(seenAt), path].join(' → '));
    if (seenAt !== -1 || done.has(path)) return;
    for (const to of next.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return cycles;
};
