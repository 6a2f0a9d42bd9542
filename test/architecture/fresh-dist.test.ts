import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownPath, root } from './project.js';
import { orphansOf, staleOf } from '#tools/dist-files.mjs';

describe.each(['shared', 'agent', 'control-plane', 'control-plane/console', 'test'])('%s/dist', (project) => {
  it('has no file without a source (npm run build removes them)', () => {
    expect(orphansOf(join(root, project)).map(ownPath)).toEqual([]);
  });

  it('is newer than its sources (npm run build)', () => {
    expect(staleOf(join(root, project)).map(ownPath)).toEqual([]);
  });
});

describe('the comparison of dist and source', () => {
  let project = '';
  const put = (name: string, seconds: number): void => {
    mkdirSync(join(project, 'dist', 'trust'), { recursive: true });
    mkdirSync(join(project, 'trust'), { recursive: true });
    writeFileSync(join(project, name), '');
    utimesSync(join(project, name), seconds, seconds);
  };

  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'bellwether-dist-'));
  });
  afterEach(() => {
    rmSync(project, { recursive: true });
  });

  it('finds what is older than its source, and what was never compiled', () => {
    put('trust/fresh.ts', 100);
    put('dist/trust/fresh.js', 101);
    put('trust/stale.ts', 100);
    put('dist/trust/stale.js', 99);
    put('trust/new.ts', 100);
    expect(staleOf(project).sort()).toEqual([join(project, 'trust/new.ts'), join(project, 'trust/stale.ts')]);
  });

  it('believes a later look of tsc that left an unchanged file alone', () => {
    put('trust/touched.ts', 100);
    put('dist/trust/touched.js', 99);
    put('dist/tsconfig.tsbuildinfo', 101);
    expect(staleOf(project)).toEqual([]);
  });

  it('knows the sources of pages', () => {
    put('trust/page.tsx', 100);
    expect(staleOf(project)).toEqual([join(project, 'trust/page.tsx')]);
    put('dist/trust/page.js', 101);
    expect([staleOf(project), orphansOf(project)]).toEqual([[], []]);
  });

  it('finds every output of a source that is gone', () => {
    put('dist/trust/gone.js', 1);
    put('dist/trust/gone.js.map', 1);
    put('dist/trust/gone.d.ts', 1);
    put('dist/tsconfig.tsbuildinfo', 1);
    expect(orphansOf(project)).toHaveLength(3);
  });
});
