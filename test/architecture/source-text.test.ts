import { describe, expect, it } from 'vitest';
import { blankSource, importsOf } from './source-text.js';

describe('the source scanner', () => {
  it('finds every form of import and tells types from values', () => {
    const text = [
      "import { readFile } from 'node:fs/promises';",
      "import type { Clock } from '../clock.js';",
      'import {',
      '  one,',
      '  two,',
      "} from './numbers.js';",
      "import './style.css';",
      "export { three } from './three.js';",
      "export type { Four } from './four.js';",
      "export * from './all.js';",
      "const lazy = await import('./lazy.js');",
      "type Lazy = typeof import('./lazy-type.js');",
      "type Part = import('./part.js').Part;",
      "import type from './named-type.js';",
    ].join('\n');
    const found = new Map(importsOf(text).map((each) => [each.specifier, each.isType]));
    expect([...found].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ['../clock.js', true],
      ['./all.js', false],
      ['./four.js', true],
      ['./lazy-type.js', true],
      ['./lazy.js', false],
      ['./named-type.js', false],
      ['./numbers.js', false],
      ['./part.js', true],
      ['./style.css', false],
      ['./three.js', false],
      ['node:fs/promises', false],
    ]);
  });

  it('sees no import in a comment, a string or a template', () => {
    const text = [
      "// import { a } from './comment.js';",
      "/* import { b } from './block.js'; */",
      'const code = `',
      "import { c } from './template.js';",
      '`;',
      'const text = "import(\'./string.js\')";',
    ].join('\n');
    expect(importsOf(text)).toEqual([]);
  });

  it('keeps code and its offsets, and drops words in comments, strings and regular expressions', () => {
    const text = 'const a = /await "/.test(b) ? `x ${await c} await ${{ d: "}" }.d}` : 4 / 2 / await2; // await';
    const code = blankSource(text);
    expect(code).toHaveLength(text.length);
    expect(code.match(/\bawait\b/g)).toHaveLength(1);
    expect(code.indexOf('await')).toBe(text.indexOf('await c'));
    expect(code).toContain('4 / 2 / await2;');
  });
});
