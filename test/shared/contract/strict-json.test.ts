import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson, StrictJsonError } from '@bellwether/shared/contract/strict-json';

const parse = (text: string) => parseStrictJson(Buffer.from(text));
const nested = (levels: number, inner: string) => `${'['.repeat(levels)}${inner}${']'.repeat(levels)}`;

describe('strict JSON', () => {
  it.each([
    'null',
    'true',
    'false',
    '0',
    '-0',
    '-1',
    '1.5e3',
    '1E-2',
    '1e+2',
    '123456789012345678',
    '""',
    '"\\u00e4\\ud83d\\ude00\\ud800"',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
    '"äöü 😀 \u2028 \u007f"',
    '[]',
    '[1,2,[3]]',
    '{}',
    '{"a":{"b":[null,true]},"":0}',
    '{"constructor":1,"toString":2,"hasOwnProperty":3}',
    ' \t\r\n{ "a" : [ 1 , 2 ] } \n',
    nested(32, '1'),
    nested(32, ''),
  ])('reads %s as JSON.parse does', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it.each([
    '',
    ' ',
    'nul',
    'True',
    'undefined',
    'NaN',
    'Infinity',
    '-',
    '+1',
    '01',
    '1.',
    '.5',
    '1e',
    '0x10',
    '1e400',
    "'a'",
    '"a',
    '"\\x41"',
    '"\\u12g4"',
    '"\\u123"',
    '"tab\there"',
    '"line\nbreak"',
    '"\\',
    '[',
    '[1',
    '[1,]',
    '[,1]',
    '[1 2]',
    '{',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '{1:1}',
    '{"a":1 "b":2}',
    '[1]]',
    '1 2',
    '// comment\n1',
    '\u00a01',
    '\ufeff1',
    nested(33, '1'),
    nested(33, ''),
    `${'["]",'.repeat(33)}1${']'.repeat(33)}`,
  ])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(StrictJsonError);
  });

  it.each(['{"a":1,"a":1}', '{"a":1,"b":{},"a":{}}', '{"a":1,"\\u0061":2}', '[{"x":{"k":0,"k":0}}]'])(
    'refuses a key that comes twice, of which JSON.parse takes the last: %s',
    (text) => {
      expect(() => JSON.parse(text) as unknown).not.toThrow();
      expect(() => parse(text)).toThrow(/twice/);
    },
  );

  it.each(['{"__proto__":{}}', '{"a":{"\\u005f_proto__":{}}}'])('refuses %s', (text) => {
    expect(() => parse(text)).toThrow(/__proto__/);
  });

  it.each([
    ['a torn character', [0x22, 0xc3, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a byte-order mark', [0xef, 0xbb, 0xbf, 0x31]],
    ['UTF-16', [0x31, 0x00]],
  ])('refuses %s', (_name, bytes) => {
    expect(() => parseStrictJson(Uint8Array.from(bytes))).toThrow(StrictJsonError);
  });

  it('says where the fault is', () => {
    expect(() => parse('{"a": tru}')).toThrow('has an unknown word (at character 6)');
  });

  it('does not run out of stack or time on a hostile document', () => {
    for (const text of [
      '['.repeat(1_000_000),
      '{"a":'.repeat(200_000),
      `"${'\\\\'.repeat(500_000)}`,
      '1'.repeat(1_000_000),
    ]) {
      expect(() => parse(text)).toThrow(StrictJsonError);
    }
  });

  it('agrees with JSON.parse on every valid document', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(0, 1, 2), (text, indent) => {
        fc.pre(!text.includes('__proto__'));
        const value: unknown = JSON.parse(text);
        expect(parse(text)).toEqual(value);
        expect(parse(JSON.stringify(value, null, indent))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  it('reads nothing that JSON.parse does not read, and never throws anything else', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      'u0041',
      '"a"',
      'null',
      '-',
      '0',
      '1',
      '.5',
      'e',
      ' ',
      '\n',
      'ü',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        let value: unknown;
        try {
          value = parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(StrictJsonError);
          return;
        }
        expect(value).toEqual(JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });
});
