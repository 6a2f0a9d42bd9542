import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SourceFile } from './project.js';
import { pathsUnder, sourceFile, sourcesOf } from './project.js';

const maxLines = 400;
const explainLines = 250;

/** Data tables may be long: path and why. */
const longFiles: ReadonlyMap<string, string> = new Map([]);

/** Folders that say nothing about what is in them (STYLE 2). */
const drawers = /(?:^|\/)(?:utils?|lib|common|helpers?|core|services?|managers?|misc)\//;

/** Lower case words with dashes; dots only before what the file is for: `plan.test.ts`, `vite.config.mjs`. */
const kebabCase = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:test|config|d))?\.[a-z]+$/;

function tooLong(files: readonly SourceFile[]): string[] {
  return files.filter(({ path, lines }) => lines > maxLines && !longFiles.has(path)).map(describeLength);
}

function describeLength({ path, lines }: SourceFile): string {
  return `${path}: ${lines} lines`;
}

const badNames = (paths: readonly string[]): string[] => paths.filter((path) => !kebabCase.test(basename(path)));
const inDrawers = (paths: readonly string[]): string[] => paths.filter((path) => drawers.test(path));

const folders = ['shared', 'agent', 'control-plane', 'test', 'tools', 'examples'];
const sources = sourcesOf(...folders);
const paths = folders.flatMap((folder) => pathsUnder(folder)).filter((path) => /\.(?:tsx?|mjs|d\.mts|css)$/.test(path));

describe('the layout', () => {
  it(`has no source file over ${maxLines} lines, and lists those over ${explainLines}`, ({ annotate }) => {
    const long = sources.filter(({ lines }) => lines > explainLines).map(describeLength);
    expect(tooLong(sources)).toEqual([]);
    return long.length > 0 ? annotate(`explain yourself (over ${explainLines} lines): ${long.join(', ')}`) : undefined;
  });

  it('names files in kebab-case', () => {
    expect(badNames(paths)).toEqual([]);
  });

  it('has no drawers for things without a place', () => {
    expect(inDrawers(paths)).toEqual([]);
  });

  it('would notice', () => {
    expect(tooLong([sourceFile('agent/a.ts', '\n'.repeat(401))])).toEqual(['agent/a.ts: 401 lines']);
    expect(tooLong([sourceFile('agent/a.ts', '\n'.repeat(400))])).toEqual([]);
    expect(badNames(['agent/orderGate.ts', 'agent/Order.ts', 'agent/order-gate.test.ts'])).toHaveLength(2);
    expect(inDrawers(['agent/utils/a.ts', 'test/helpers/b.ts', 'agent/trust/c.ts'])).toHaveLength(2);
  });
});
